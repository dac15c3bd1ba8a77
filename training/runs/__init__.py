"""What every training run shares: steps, order, states that survive a kill, logs."""

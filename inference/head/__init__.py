"""The head template and the Gaussians that all else passes around."""

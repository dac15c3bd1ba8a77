"""Pictures of heads, drawn and made to look like photographs."""

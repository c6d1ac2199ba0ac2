"""What was asked: a request and its parameters."""

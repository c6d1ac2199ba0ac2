"""What was asked: a request, its parameters, addresses without secrets."""

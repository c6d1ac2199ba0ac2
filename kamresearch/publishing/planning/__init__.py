"""What a version will be made of: studies in order, the code and the data behind them."""

"""A new study to start from: texts with gaps, and what fills them."""

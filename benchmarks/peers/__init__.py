"""What the rows of the table do, in PyTorch and OpenCV."""

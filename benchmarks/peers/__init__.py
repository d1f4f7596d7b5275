"""What the rows of the table do, in PyTorch, OpenCV and Pillow."""

"""One widget a file: its CSS inside, its own messages nested in it. Data comes down by attributes, messages go up."""

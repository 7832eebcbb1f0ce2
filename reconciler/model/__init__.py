"""The values that the rest of the program passes around; nothing here reads, writes or waits."""

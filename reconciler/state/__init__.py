"""What lasts from run to run: the folder beside the specs, its key, locks, journals and trail."""

"""Writers of target formats."""

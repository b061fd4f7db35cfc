"""The deployment files: read, never started."""

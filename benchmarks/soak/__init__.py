"""`./cardwatch bench soak`: whether the job stays as it is, hour after hour."""

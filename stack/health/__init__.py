"""Whether all is well: what `status` and `doctor` find about machine, job and topics."""

"""Commands that run and watch the stack: up, down, status, doctor, submit."""

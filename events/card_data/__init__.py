"""Card numbers, verification codes, PINs and tracks: how they are found, refused and masked."""

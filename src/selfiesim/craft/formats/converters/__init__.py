"""Formats that other libraries read, in a process of its own: 3DS and FBX with Assimp, USD with OpenUSD."""

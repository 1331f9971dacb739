"""Formats that other libraries read, in a child process: 3DS and FBX with Assimp, USD with OpenUSD, DSK with SPICE."""

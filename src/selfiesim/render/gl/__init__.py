"""OpenGL through VTK: windows, framebuffers, shader programs, shadow maps."""

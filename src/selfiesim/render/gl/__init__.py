"""OpenGL through VTK: window, framebuffers, shader programs, shadow maps."""

"""What is drawn: the VTK scene, the slices, and the one thread that owns them. Nothing here knows the web shell."""

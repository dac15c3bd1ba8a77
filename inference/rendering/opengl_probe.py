"""Which OpenGL is worth using, told by its name."""

SOFTWARE_NAMES = (
    "llvmpipe",
    "softpipe",
    "software rasterizer",
    "swiftshader",
    "swr",
    "microsoft basic render",
    "gdi generic",
    "apple software",
)
"""What software implementations call themselves, in lower case; they are slower than ours."""


def is_software(name: str) -> bool:
    """Whether a GL_RENDERER string names an implementation on the CPU."""
    return any(word in name.lower() for word in SOFTWARE_NAMES)

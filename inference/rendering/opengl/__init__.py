"""A renderer for computers with a real GPU but no CUDA: instanced quads in OpenGL 3.3.

Every Gaussian is a rectangle, drawn far to near (depth_order.py) and blended by the GPU; its
shape on the screen is computed in the vertex shader (shaders.py). One thread holds the context
(renderer.py). probe.py tries all that in another process before the program relies on it.

What blending cannot do is gsplat's stop: there, the Gaussian that would leave at most 1e-4 of
the light ends the pixel undrawn. Here it is drawn, as is all behind it, so a pixel may differ
by up to 1e-4 / (1 - the opacity of that Gaussian): 1e-3 at an opacity of 0.9, 0.01 at 0.99.
"""

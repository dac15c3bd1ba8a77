"""The shaders: Gaussians to rectangles, rectangles to pixels, pixels to eight bits.

EWA splatting (Zwicker et al. 2002) with gsplat 1.5.3's clamps (inference/rendering/ewa.py).
Row 0 of every target is the top row of the picture, so that reading back needs no flip.
"""

from inference.rendering.ewa import ALPHA_MAX, ALPHA_MIN, BLUR_EPS, NEAR_PLANE

TEXELS = 4
"""RGBA texels of one Gaussian: mean and opacity, quaternion wxyz, scales, colour."""

_CONSTANTS = f"""#version 330 core
const float NEAR = {NEAR_PLANE!r};
const float BLUR = {BLUR_EPS!r};
const float ALPHA_MIN = {ALPHA_MIN!r};
const float ALPHA_MAX = {ALPHA_MAX!r};
const float HUGE = 1e30;
const int TEXELS = {TEXELS};
"""

SPLAT_VERTEX = (
    _CONSTANTS
    + """
uniform sampler2D gaussians;
uniform mat3 rotation;     // world to camera
uniform vec3 translation;
uniform vec2 focal;        // pixels
uniform vec2 principal;    // pixels
uniform vec2 slope_min;    // lowest x/z and y/z at which the Jacobian is taken
uniform vec2 slope_max;
uniform vec2 origin;       // top-left pixel of the tile that is drawn
uniform vec2 extent;       // its size in pixels
in uint index;             // one an instance: which Gaussian
flat out vec2 centre;      // pixels of the tile
flat out vec4 conic;       // inverse covariance xx, xy, yy; opacity
flat out vec4 paint;       // colour, depth

mat3 rotation_of(vec4 q) {
    float w = q.x, x = q.y, y = q.z, z = q.w;
    return mat3(  // column by column
        1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y),
        2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x),
        2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y));
}

void main() {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);  // outside: all four corners there draw nothing
    int columns = textureSize(gaussians, 0).x / TEXELS;
    ivec2 at = ivec2(int(index) % columns * TEXELS, int(index) / columns);
    vec4 mean = texelFetch(gaussians, at, 0);
    float opacity = mean.w;
    vec3 local = rotation * mean.xyz + translation;
    if (!(local.z >= NEAR && local.z < HUGE && opacity >= ALPHA_MIN)) return;

    vec2 slope = local.xy / local.z;
    centre = slope * focal + principal - origin;
    slope = clamp(slope, slope_min, slope_max);
    mat3 axes = rotation * rotation_of(normalize(texelFetch(gaussians, at + ivec2(1, 0), 0)));
    vec3 scales = texelFetch(gaussians, at + ivec2(2, 0), 0).xyz;
    // Rows of the Jacobian times the three axes: the covariance is (p.p, p.q; p.q, q.q).
    vec3 p = vec3(focal.x / local.z, 0.0, -focal.x * slope.x / local.z) * axes * scales;
    vec3 q = vec3(0.0, focal.y / local.z, -focal.y * slope.y / local.z) * axes * scales;
    float xx = dot(p, p) + BLUR, yy = dot(q, q) + BLUR, xy = dot(p, q);
    // As a sum of squares (Lagrange's identity): xx yy - xy xy cancels for thin Gaussians.
    vec3 n = cross(p, q);
    float determinant = dot(n, n) + (dot(p, p) + dot(q, q)) * BLUR + BLUR * BLUR;
    if (!(determinant < HUGE)) return;
    conic = vec4(vec3(yy, -xy, xx) / determinant, opacity);
    paint = vec4(texelFetch(gaussians, at + ivec2(3, 0), 0).rgb, local.z);

    // Where alpha reaches ALPHA_MIN, in whole pixels of the tile.
    vec2 reach = sqrt(max(2.0 * log(opacity / ALPHA_MIN), 0.0) * vec2(xx, yy));
    vec2 low = clamp(floor(centre - reach), vec2(0.0), extent);
    vec2 high = clamp(ceil(centre + reach), vec2(0.0), extent);
    vec2 corner = mix(low, high, vec2(gl_VertexID & 1, gl_VertexID >> 1));
    gl_Position = vec4(2.0 * corner / extent - 1.0, 0.0, 1.0);
}
"""
)

SPLAT_FRAGMENT = (
    _CONSTANTS
    + """
flat in vec2 centre;
flat in vec4 conic;
flat in vec4 paint;
layout(location = 0) out vec4 colour;  // premultiplied
layout(location = 1) out vec4 depth;   // where only one target is bound, this goes nowhere

void main() {
    vec2 d = centre - gl_FragCoord.xy;
    float power = -0.5 * (conic.x * d.x * d.x + conic.z * d.y * d.y) - conic.y * d.x * d.y;
    float alpha = conic.w * exp(power);
    if (!(alpha >= ALPHA_MIN)) discard;
    alpha = min(alpha, ALPHA_MAX);
    colour = vec4(paint.rgb * alpha, alpha);
    depth = vec4(paint.w * alpha, 0.0, 0.0, alpha);
}
"""
)

SCREEN_VERTEX = """#version 330 core
void main() {  // one triangle that covers everything
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    gl_Position = vec4(4.0 * corner - 1.0, 0.0, 1.0);
}
"""

SCREEN_FRAGMENT = """#version 330 core
uniform sampler2D picture;   // premultiplied
uniform vec4 background;     // rgb over which it is shown; a is 0 to stay transparent
out vec4 rgba;

void main() {
    vec4 own = texelFetch(picture, ivec2(gl_FragCoord.xy), 0);
    rgba = clamp(own + (1.0 - own.a) * background, 0.0, 1.0);
}
"""

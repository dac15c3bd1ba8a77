"""GLSL 3.30 of the splats: gsplat's projection (EWA), one quad for each Gaussian."""

from inference.rendering.ewa import ALPHA_MAX, ALPHA_MIN, BLUR_EPS, FRUSTUM_MARGIN, NEAR_PLANE

TEXELS = 4
"""Texels of a Gaussian: mean and opacity; quaternion wxyz; scales; colour."""

VERTEX = f"""
#version 330 core
layout(location = 0) in int index;  // of the Gaussian; instances come far to near
uniform samplerBuffer gaussians;
uniform mat4 world_to_camera;
uniform vec2 focal;
uniform vec2 centre;
uniform vec2 size;
out vec3 colour;
flat out vec2 middle;
flat out vec3 conic;
flat out float opacity;
flat out float depth;

void main() {{
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);  // outside, unless the Gaussian is seen
    vec4 first = texelFetch(gaussians, {TEXELS} * index);
    vec4 q = texelFetch(gaussians, {TEXELS} * index + 1);
    vec3 scales = texelFetch(gaussians, {TEXELS} * index + 2).xyz;
    colour = texelFetch(gaussians, {TEXELS} * index + 3).xyz;
    opacity = first.w;
    vec3 p = (world_to_camera * vec4(first.xyz, 1.0)).xyz;
    if (p.z < {NEAR_PLANE} || opacity < {ALPHA_MIN}) return;

    float w = q.x, x = q.y, y = q.z, z = q.w;
    mat3 rotation = mat3(  // columns
        1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y),
        2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x),
        2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y));
    mat3 axes = mat3(world_to_camera) * rotation;
    axes[0] *= scales.x; axes[1] *= scales.y; axes[2] *= scales.z;

    vec2 margin = {FRUSTUM_MARGIN} * size;
    vec2 slope = clamp(p.xy / p.z, -(centre + margin) / focal, (size - centre + margin) / focal);
    vec3 row_x = vec3(focal.x / p.z, 0.0, -focal.x * slope.x / p.z);
    vec3 row_y = vec3(0.0, focal.y / p.z, -focal.y * slope.y / p.z);
    vec3 ax = row_x * axes, ay = row_y * axes;
    float xx = dot(ax, ax) + {BLUR_EPS}, xy = dot(ax, ay), yy = dot(ay, ay) + {BLUR_EPS};
    float determinant = xx * yy - xy * xy;
    if (determinant <= 0.0) return;
    conic = vec3(yy, -xy, xx) / determinant;
    middle = focal * p.xy / p.z + centre;
    depth = p.z;

    // The box around where alpha reaches its least value, and half a pixel.
    float reach = 2.0 * log(opacity / {ALPHA_MIN});
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
    vec2 pixel = middle + corner * (sqrt(max(reach, 0.0) * vec2(xx, yy)) + 0.5);
    gl_Position = vec4(2.0 * pixel / size - 1.0, 0.0, 1.0);  // row 0 is the picture's top
}}
"""

FRAGMENT = f"""
#version 330 core
in vec3 colour;
flat in vec2 middle;
flat in vec3 conic;
flat in float opacity;
flat in float depth;
layout(location = 0) out vec4 blended;
layout(location = 1) out vec4 blended_depth;

void main() {{
    vec2 d = gl_FragCoord.xy - middle;
    float power = 0.5 * (conic.x * d.x * d.x + conic.z * d.y * d.y) + conic.y * d.x * d.y;
    float alpha = min({ALPHA_MAX}, opacity * exp(-power));
    if (power < 0.0 || alpha < {ALPHA_MIN}) discard;
    blended = vec4(colour * alpha, alpha);
    blended_depth = vec4(depth * alpha, 0.0, 0.0, alpha);
}}
"""

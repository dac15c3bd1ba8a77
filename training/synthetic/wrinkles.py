"""Wrinkles and folds by age, as GLSL over positions on the average head."""

WRINKLES = """
float fold(vec2 p, vec2 a, vec2 b, float width) {  // 1 on the line from a to b
    vec2 ab = b - a; float t = clamp(dot(p - a, ab) / dot(ab, ab), 0.0, 1.0);
    float d = length(p - a - ab * t) / width;
    return exp(-d * d) * (1.0 - 0.5 * t);
}
// Depth 0..1 of folds at r; `wear` is 0 for the young and 1 for the old.
float wrinkles(vec3 r, float wear, vec4 rough) {
    if (r.z < 0.0) return 0.0;
    vec2 p = vec2(abs(r.x), r.y); float side = r.x > 0.0 ? 1.0 : 0.86;
    float h = (0.20 + 0.75 * wear) * side
        * fold(p, vec2(0.0175, -0.008), vec2(0.034, -0.046), 0.0026);
    h += (0.12 + 0.45 * wear) * fold(p, vec2(0.014, 0.0195), vec2(0.034, 0.0135), 0.0022);
    h += 0.5 * wear * fold(p, vec2(0.031, -0.044), vec2(0.030, -0.062), 0.0024);
    h += 0.25 * wear * fold(p, vec2(0.0, -0.0545), vec2(0.014, -0.0555), 0.0030);
    if (wear > 0.05) {
        float y = r.y + 0.002 * rough.g + 0.10 * p.x * p.x;
        float lines = pow(0.5 + 0.5 * sin(y * 700.0 + 3.0 * rough.b), 4.0);
        lines *= smoothstep(0.060, 0.067, r.y) * (1.0 - smoothstep(0.088, 0.096, r.y));
        h += 0.5 * wear * lines * (1.0 - smoothstep(0.030, 0.052, p.x)) * (0.4 + rough.a);
        vec2 c = p - vec2(0.043, 0.029); float angle = atan(c.y, c.x), away = length(c);
        h += 0.5 * wear * pow(0.5 + 0.5 * sin(angle * 13.0 + 2.0 * rough.g), 3.0) * step(0.0, c.x)
            * smoothstep(0.004, 0.008, away) * (1.0 - smoothstep(0.014, 0.024, away));
        h += 0.5 * wear * fold(p, vec2(0.0055, 0.046), vec2(0.0065, 0.060), 0.0016);
        float neck = pow(0.5 + 0.5 * sin((r.y - 0.2 * p.x * p.x / 0.05) * 330.0 + rough.g), 6.0);
        h += 0.18 * wear * neck * smoothstep(-0.075, -0.09, r.y);
    }
    return clamp(h, 0.0, 1.0);
}
"""

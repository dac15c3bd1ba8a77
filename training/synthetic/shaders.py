"""The GLSL that draws a head, labels it, and bakes the colours of its anchors.

One fragment shader shades everything, in the views and in the bake, so that the anchors'
colours are those of the pictures. Distances are metres in the world frame, `R` is the position
on the average head, colours are linear until `develop`.
"""

from training.synthetic.wrinkles import WRINKLES

_VARYINGS = """
{q} vec3 P; {q} vec3 N; {q} vec3 R; {q} vec3 A; {q} vec4 F; {q} vec2 U; {q} vec3 E; {q} vec3 C;
flat {q} vec2 LP;
"""

SURFACE_VERTEX = (
    """#version 330
in vec3 pos; in vec3 nor; in vec3 amb; in vec3 ao_scalp_key;
in vec2 uv; in vec3 rest; in vec2 lp; in vec3 fields;
uniform mat4 VP; uniform vec3 eye; uniform int bake; uniform float bakeSide;
"""
    + _VARYINGS.format(q="out")
    + """
void main() {
    P = pos; N = nor; R = rest; A = amb; U = uv; LP = lp;
    F = vec4(fields.xy, ao_scalp_key.xy); C = vec3(fields.z, ao_scalp_key.z, 0.0);
    if (bake == 1) {
        // Seen from where a portrait would see it: along the normal, at eye height.
        E = pos + normalize(nor * vec3(1.0, 0.2, 1.0) + vec3(0.0, 0.02, 0.25));
        vec2 cell = vec2(gl_VertexID % int(bakeSide), gl_VertexID / int(bakeSide)) + 0.5;
        gl_Position = vec4(cell / bakeSide * 2.0 - 1.0, 0.0, 1.0);
        gl_PointSize = 1.0;
    } else { E = eye; gl_Position = VP * vec4(pos, 1.0); }
}"""
)

ACCESSORY_VERTEX = (
    """#version 330
in vec3 pos; in vec3 nor; in vec3 amb; in float opened; in vec2 uv; in vec3 colour;
in vec4 finish; in float label;
uniform mat4 VP; uniform vec3 eye; uniform int bake; uniform float bakeSide;
"""
    + _VARYINGS.format(q="out")
    + """
void main() {
    P = pos; N = nor; R = finish.xyw; A = amb; U = uv; C = colour;
    F = vec4(0.0, 0.0, opened, finish.z); LP = vec2(label, 9.0);
    if (bake == 1) {
        E = pos + normalize(nor * vec3(1.0, 0.2, 1.0) + vec3(0.0, 0.02, 0.25));
        vec2 cell = vec2(gl_VertexID % int(bakeSide), gl_VertexID / int(bakeSide)) + 0.5;
        gl_Position = vec4(cell / bakeSide * 2.0 - 1.0, 0.0, 1.0);
        gl_PointSize = 1.0;
    } else { E = eye; gl_Position = VP * vec4(pos, 1.0); }
}"""
)

_COMMON = (
    """#version 330
"""
    + _VARYINGS.format(q="in")
    + """
uniform float browThick; uniform float browLift;
uniform float browDensity; uniform sampler3D noise; uniform float seed;
float brow(vec3 r) {
    float x = abs(r.x);
    if (r.z < 0.02 || r.y < 0.035 || r.y > 0.075) return 0.0;
    float t = clamp((x - 0.011) / 0.043, 0.0, 1.0);
    float y = mix(0.0505, 0.0525, t) + 0.0055 * sin(3.1416 * pow(t, 1.25)) + browLift;
    float half_ = browThick * mix(1.0, 0.35, smoothstep(0.35, 1.0, t));
    float d = abs(r.y - y) / half_;
    float ends = smoothstep(0.007, 0.018, x) * (1.0 - smoothstep(0.044, 0.056, x));
    return (1.0 - smoothstep(0.25, 1.35, d)) * ends;
}
"""
)

LABEL_FRAGMENT = (
    _COMMON
    + """
layout(location = 0) out vec4 o;
uniform float shaved;
void main() {
    float label = LP.x; int part = int(LP.y + 0.5);
    if (part == 0 && (label < 2.5 || (label > 9.5 && label < 10.5))) {
        label = F.x > 0.5 ? 1.0 : (F.y > 0.5 ? 10.0 : 2.0);
        if (label > 1.5 && brow(R) > 0.4 && browDensity > 0.3) label = R.x > 0.0 ? 7.0 : 6.0;
        if (F.w * shaved > 0.4) label = 14.0;
    }
    if (part == 7) { if (F.w < 0.0) discard; label = 3.0; }
    o = vec4(label / 255.0, 0.0, 0.0, 1.0);
}"""
)

SHADE_FRAGMENT = (
    _COMMON
    + """
layout(location = 0) out vec4 o;
uniform sampler2D skin; uniform float skinLod; uniform float photoSkin;
uniform sampler2D shadowMap; uniform mat4 LVP; uniform float hasKey;
uniform vec3 kdir; uniform vec3 kcol; uniform vec3 sh[9]; uniform float exposure;
uniform float contrast;
uniform vec3 skinTone; uniform vec3 skinGain; uniform vec3 lipTint; uniform vec4 skinMarks;
uniform float oil; uniform vec3 beardTone; uniform vec3 beardZones; uniform float paint;
uniform float age; uniform float undercoat;
uniform vec3 hairTone; uniform vec3 browTone;
uniform vec3 eyeCentre[2]; uniform vec3 gaze[2]; uniform vec3 irisInner; uniform vec3 irisOuter;
uniform float pupil; uniform float irisAngle;
uniform vec3 clothA; uniform vec3 clothB; uniform float clothPattern;
const float PI = 3.14159265;

float grain(vec3 p) { return texture(noise, (p + seed * 3.7) / 32.0).r; }
vec4 cloud(vec3 p) { return texture(noise, (p + seed * 5.3) / 16.0); }
float hash(vec3 p) {
    p = fract(p * vec3(443.897, 441.423, 437.195) + seed * 0.137);
    p += dot(p, p.yzx + 19.19); return fract((p.x + p.y) * p.z);
}
float lit(vec3 p) {
    if (hasKey < 0.5) return 0.0;
    vec3 c = (LVP * vec4(p, 1.0)).xyz * 0.5 + 0.5; float s = 0.0;
    for (int i = 0; i < 5; i++) {  // a quincunx: the centre and four corners
        vec2 tap = i < 4 ? vec2(i % 2 * 2 - 1, i / 2 * 2 - 1) * 0.9 : vec2(0.0);
        float d = texture(shadowMap, c.xy + tap / 190.0).r;
        s += 1.0 - smoothstep(0.0, 0.010, c.z - 0.003 - d);
    }
    return s / 5.0;
}
vec3 environment(vec3 n) {
    vec3 e = sh[0] * 0.8862 + 2.0944 * (sh[1] * 0.4886 * n.y + sh[2] * 0.4886 * n.z
        + sh[3] * 0.4886 * n.x) + 0.7854 * (sh[4] * 1.0925 * n.x * n.y
        + sh[5] * 1.0925 * n.y * n.z + sh[6] * 0.3154 * (3.0 * n.z * n.z - 1.0)
        + sh[7] * 1.0925 * n.x * n.z + sh[8] * 0.5463 * (n.x * n.x - n.y * n.y));
    return max(e, 0.0) / PI;
}
float ggx(vec3 n, vec3 v, vec3 l, float r, float f0) {
    vec3 h = normalize(v + l); float a = r * r, nh = max(dot(n, h), 0.0);
    float nv = max(dot(n, v), 0.05), nl = max(dot(n, l), 0.0), vh = max(dot(v, h), 0.0);
    float d = a * a / (PI * pow(nh * nh * (a * a - 1.0) + 1.0, 2.0));
    float k = (r + 1.0) * (r + 1.0) / 8.0;
    float g = nl / (nl * (1.0 - k) + k) / (nv * (1.0 - k) + k) * 0.25;
    return d * g * (f0 + (1.0 - f0) * pow(1.0 - vh, 5.0));
}
vec3 develop(vec3 c) {
    c = 1.0 - exp(-1.5 * max(c, 0.0) * exposure);
    c = pow(c, vec3(1.0 / 2.2));
    return clamp(mix(c, c * c * (3.0 - 2.0 * c), contrast), 0.0, 1.0);
}

"""
    + WRINKLES
    + """float beardPaint(vec3 r) {  // as beard.beard_zones
    float x = abs(r.x), y = r.y, front = smoothstep(0.045, 0.055, r.z);
    float lip = (1.0 - smoothstep(0.024, 0.033, x)) * smoothstep(-0.036, -0.030, y)
        * (1.0 - smoothstep(-0.018, -0.012, y + 0.4 * max(x - 0.012, 0.0))) * front;
    float corner = smoothstep(0.019, 0.023, x) * (1.0 - smoothstep(0.029, 0.035, x))
        * smoothstep(-0.070, -0.055, y) * (1.0 - smoothstep(-0.034, -0.028, y));
    float chin = (1.0 - smoothstep(0.020, 0.032, x)) * (1.0 - smoothstep(-0.058, -0.051, y));
    chin = max(chin * smoothstep(-0.105, -0.090, y), corner) * front;
    float jaw = (1.0 - smoothstep(-0.040, -0.018, y - 0.30 * x))
        * smoothstep(-0.112, -0.094, y) * smoothstep(-0.03, 0.005, r.z);
    vec3 z = vec3(lip, chin, jaw) * beardZones;
    return max(z.x, max(z.y, z.z));
}
vec3 shadeSkin(float label, int part, vec3 n, vec3 v, float s) {
    vec4 big = cloud(R * 38.0), mid = cloud(R * 170.0 + 3.0), fine = cloud(R * 420.0);
    vec3 q = vec3(abs(R.x), R.y, R.z);
    float front = smoothstep(-0.05, 0.02, R.z), wear = smoothstep(0.45, 0.95, age);
    vec2 ck = (q.xy - vec2(0.043, -0.006)) / vec2(0.022, 0.020);
    float cheek = exp(-dot(ck, ck)) * front;
    float tip = exp(-pow(length((R - vec3(0.0, -0.006, 0.088)) / vec3(0.018, 0.015, 0.03)), 2.0));
    vec2 so = (q.xy - vec2(0.031, 0.022)) / vec2(0.020, 0.012);
    float socket = exp(-dot(so, so)) * step(0.02, R.z);
    vec2 br = (q.xy - vec2(0.0, 0.075)) / vec2(0.045, 0.018);
    float forehead = exp(-dot(br, br)) * front;
    bool ear = label > 3.5 && label < 5.5, lip = label > 11.5 && label < 13.5;
    float red = cheek * 0.8 + tip * 0.7 + (ear ? 0.8 : 0.0);
    vec3 own = skinTone * mix(vec3(1), vec3(1.07, 0.82, 0.80), clamp(red, 0.0, 1.2));
    own *= mix(vec3(1), vec3(0.82, 0.72, 0.72), socket * (0.55 + 0.4 * wear));
    own *= mix(vec3(1), vec3(1.02, 1.02, 0.94), forehead * 0.6);
    if (lip) own = mix(skinTone, skinTone * lipTint, 0.85) * (label > 12.5 ? 0.86 : 1.0);
    vec3 alb = own;
    if (photoSkin > 0.5) alb = pow(textureLod(skin, U, skinLod).rgb, vec3(2.2)) * skinGain;
    if (lip) alb *= mix(vec3(1), lipTint, photoSkin * 0.45) * (0.86 + 0.28 * fine.g);
    float spot = (0.6 + 0.25 * wear) * (1.0 - 0.4 * F.x) * skinMarks.y;
    alb *= mix(vec3(1), vec3(1.10, 0.92, 0.90), (big.g - 0.5) * 2.2 * spot);
    alb *= 1.0 + (mid.g - 0.5) * 0.30 * spot + (fine.b - 0.5) * 0.20 * skinMarks.z;
    if (skinMarks.x > 0.0) {
        float fr = smoothstep(0.58, 0.70, grain(R * 2200.0)) * smoothstep(0.42, 0.6, big.b);
        alb *= mix(vec3(1), vec3(0.66, 0.50, 0.42), fr * skinMarks.x * front);
    }
    float aged = smoothstep(0.72, 0.80, mid.a) * wear * front * (1.0 - F.x);
    alb *= mix(vec3(1), vec3(0.72, 0.60, 0.50), aged * 0.5);
    float mole = smoothstep(0.05, 0.03, length(fract(R * 14.0 + seed * 3.1) - 0.5));
    alb *= 1.0 - 0.5 * mole * step(0.95, hash(floor(R * 14.0 + seed * 3.1)));
    float beard = lip || part != 0 || ear ? 0.0 : beardPaint(R) * (1.0 - F.x);
    if (beard > 0.0) {
        beard *= 0.85 + 0.2 * smoothstep(0.3, 0.7, 0.5 * mid.b + 0.5 * fine.g);
        beard = clamp(beard * mix(0.8, 1.0, paint), 0.0, 0.96);
        alb = mix(alb, mix(beardTone, alb * 0.5, 0.25), beard);
    }
    float b = part == 0 && !ear && !lip ? brow(R) * browDensity * paint : 0.0;
    alb = mix(alb, browTone, clamp(b * (0.8 + 0.4 * fine.g), 0.0, 0.95));
    float crease = part == 0 && !lip && !ear ? wrinkles(R, wear, mid) : 0.0;
    if (part == 0) {
        alb = mix(alb, hairTone * 0.8, clamp(F.w * undercoat, 0.0, 1.0));
        alb *= mix(vec3(1), vec3(0.20, 0.14, 0.13), C.x * step(0.029, R.y) * 0.75);
        alb *= mix(vec3(1), vec3(0.66, 0.50, 0.47), C.x * step(R.y, 0.029) * 0.6);
        alb *= mix(vec3(1), vec3(0.62, 0.50, 0.46), crease * (1.0 - 0.6 * beard));
    }
    if (part == 4) alb = vec3(0.16, 0.035, 0.03);
    if (part == 3) alb = vec3(0.42, 0.15, 0.14);
    vec3 g = (mid.gba - 0.5) * 0.35 + (fine.gba - 0.5) * 0.45; g -= n * dot(g, n);
    vec3 bumped = normalize(n - g * 0.24 * skinMarks.z);
    float nl = dot(mix(n, bumped, 0.35), kdir);
    vec3 wrap = vec3(0.30, 0.15, 0.11), d = clamp((nl + wrap) / (1.0 + wrap), 0.0, 1.0);
    vec3 soft = mix(vec3(s), pow(vec3(s), vec3(0.65, 0.9, 1.0)), 0.8);
    float cavity = mix(1.0, smoothstep(0.03, 0.55, F.z), lip ? 0.65 : 0.5);
    vec3 least = vec3(dot(sh[0], vec3(0.333))) * 0.05;  // nothing is quite black
    vec3 c = alb * ((A + least) * cavity + kcol * d * soft) / PI;
    if (part == 4) return c * 0.5;
    float rough = lip ? 0.34 : 0.50 - 0.10 * oil - 0.05 * (forehead + tip);
    float dull = (1.0 - clamp(F.w * undercoat + b + beard, 0.0, 1.0)) * (1.0 - 0.6 * crease);
    dull *= (0.75 + 0.5 * (forehead + tip + 0.6 * cheek)) * (0.8 + 0.4 * mid.b);
    float sp = ggx(bumped, v, kdir, rough, 0.028) * 0.8
        + ggx(bumped, v, kdir, rough * 0.68, 0.028) * 0.2;
    float fres = 0.028 + 0.30 * pow(1.0 - max(dot(bumped, v), 0.0), 5.0);
    c += dull * (kcol * min(sp, 0.35) * s * (0.40 + 0.5 * oil)
        + environment(reflect(-v, bumped)) * fres * 0.7 * clamp(F.z, 0.0, 1.0));
    if (part == 3) c += alb * sh[0] * 0.05;
    return c;
}
vec3 shadeEye(float label, vec3 v, float s) {
    int i = label > 8.5 ? 0 : 1;
    vec3 q = normalize(P - eyeCentre[i]); float th = acos(clamp(dot(q, gaze[i]), -1.0, 1.0));
    vec3 ax = normalize(cross(gaze[i], vec3(0, 1, 0))), ay = cross(ax, gaze[i]);
    float ri = irisAngle, rp = ri * pupil, ph = atan(dot(q, ay), dot(q, ax));
    float fibre = cloud(vec3(cos(ph) * 9.0, sin(ph) * 9.0, th * 6.0)).g;
    vec3 iris = mix(irisInner, irisOuter, smoothstep(rp, ri, th)) * (0.45 + 0.65 * fibre);
    // Light gathers in the half of the iris away from the lamp above.
    iris *= 0.9 + 0.35 * clamp(-dot(q, ay) * sign(ay.y) / ri, -0.6, 1.0);
    iris *= mix(0.18, 1.0, smoothstep(ri + 0.02, ri - 0.09, th));
    vec3 white = vec3(0.57, 0.51, 0.47) * (1.0 - 0.45 * smoothstep(0.55, 1.1, th));
    float vein = smoothstep(0.55, 0.8, cloud(q * vec3(8, 30, 8)).g);
    white *= mix(vec3(1), vec3(1.0, 0.80, 0.76), vein);
    float corner = smoothstep(0.45, 0.75, abs(q.x - gaze[i].x));
    white *= mix(vec3(1), vec3(0.95, 0.72, 0.68), corner * 0.7);
    vec3 alb = mix(iris, white, smoothstep(ri - 0.02, ri + 0.05, th));
    alb *= mix(0.03, 1.0, smoothstep(rp - 0.03, rp + 0.03, th));
    float occ = mix(0.4, 1.0, smoothstep(0.15, 0.6, F.z));
    occ *= 1.0 - 0.60 * smoothstep(0.06, 0.30, q.y);  // the upper lid's and the lashes' shadow
    float nl = max(dot(q, kdir) * 0.7 + 0.3, 0.0);
    vec3 c = alb * (A + kcol * nl * s) / PI * occ;
    float fr = 0.03 + 0.3 * pow(1.0 - max(dot(q, v), 0.0), 5.0);
    vec3 mirror = reflect(-v, q), lamp = normalize(mix(vec3(0.35, 0.45, 0.8), kdir, 0.6 * hasKey));
    lamp = normalize(vec3(lamp.x, max(lamp.y, 0.15), max(lamp.z, 0.35)));
    float glint = smoothstep(0.955, 0.99, dot(mirror, lamp)) * mix(0.25, 1.0, occ);
    c += vec3(1.0, 0.98, 0.95) * glint * 0.55 / exposure;
    return c + environment(mirror) * fr * occ * 0.8;
}
// Worn things: C is the colour, R holds roughness, metal and weave, F.w the opacity.
vec4 shadeWorn(vec3 n, vec3 v, float s) {
    float rough = R.x, metal = R.y, weave = R.z, opacity = F.w;
    vec3 alb = C;
    if (weave > 0.01) {
        float rib = U.x / 0.0045, row = U.y / 0.0036 + 0.5 * abs(fract(rib) - 0.5);
        float across = abs(fract(rib) - 0.5) * 2.0, along = abs(fract(row) - 0.5) * 2.0;
        alb *= mix(1.0, (1.05 - 0.55 * across * across) * (1.0 - 0.25 * along), weave);
        alb *= 0.9 + 0.2 * cloud(P * 300.0).g;
    }
    float nl = max(dot(n, kdir), 0.0), occ = clamp(F.z * 1.3, 0.0, 1.0);
    vec3 f0 = mix(vec3(0.04), C, metal);
    float rim = pow(1.0 - max(dot(n, v), 0.0), 5.0);
    vec3 mirror = environment(reflect(-v, n)) * occ * (f0 + (1.0 - f0) * rim * (1.0 - rough));
    float lobe = ggx(n, v, kdir, max(rough, 0.06), 0.04) * s;
    if (opacity < 0.995) {  // interpolation rounds
        float a = clamp(opacity + 0.75 * rim, 0.0, 1.0);
        vec3 glint = environment(reflect(-v, n)) * (0.05 + 0.6 * rim) + kcol * min(lobe, 4.0) * 0.5;
        // Light on top of a mid tone: alone, the film would lift a faint glint to a veil.
        vec3 grey = vec3(0.35 / exposure), veil = develop(grey + glint) - develop(grey);
        return vec4(develop(C * (A + kcol * nl * s) / PI * 0.25) * a + veil, a);
    }
    vec3 c = alb * (1.0 - metal) * (A + kcol * nl * s) / PI;
    c += mirror * mix(1.0 - rough, 1.0, metal) + kcol * lobe * mix(vec3(1), C / 0.04, metal) * 0.6;
    return vec4(develop(c), 1.0);
}
void main() {
    int part = int(LP.y + 0.5); vec3 v = normalize(E - P), n = normalize(N);
    if (dot(n, v) < 0.0 && dot(N, N) > 0.0 && !gl_FrontFacing) n = -n;
    float s = lit(P + n * 0.002), cover = 1.0; vec3 c;
    if (part == 9) { o = shadeWorn(n, v, s); return; }
    s *= C.y;  // what hair lets through
    if (part == 7) {
        if (F.w < -fwidth(F.w)) discard;
        vec2 stripe = smoothstep(0.46, 0.54, abs(fract(R.xy * vec2(30.0, 33.0)) * 2.0 - 1.0));
        float pattern = 0.0;
        if (clothPattern > 2.5) pattern = 0.5 * (stripe.x + stripe.y);
        else if (clothPattern > 1.5) pattern = stripe.x;
        else if (clothPattern > 0.5) pattern = stripe.y;
        // Folds hang from the shoulders; the weave is only just seen.
        vec4 drape = cloud(R * vec3(26.0, 11.0, 20.0)), crumple = cloud(R * vec3(70.0, 40.0, 55.0));
        vec3 alb = mix(clothA, clothB, pattern) * (0.93 + 0.14 * cloud(R * 500.0).g);
        alb *= 0.88 + 0.14 * smoothstep(0.25, 0.6, drape.g) + 0.06 * (crumple.g - 0.5);
        n = normalize(n - (drape.gba - 0.5) * 0.6 - (crumple.gba - 0.5) * 0.35);
        float hem = smoothstep(0.0050, 0.0065, F.w);
        alb *= mix(0.72, 1.0, hem);
        float fuzz = pow(1.0 - max(dot(n, v), 0.0), 3.0);
        float wrap = clamp((dot(n, kdir) + 0.15) / 1.15, 0.0, 1.0);
        c = alb * (A + kcol * wrap * s) / PI * (1.0 + 0.5 * fuzz);
        cover = clamp(F.w / max(fwidth(F.w), 1e-6) + 0.5, 0.0, 1.0);
    } else if (part == 1) c = shadeEye(LP.x, v, s);
    else if (part == 2) {
        vec3 alb = vec3(0.80, 0.73, 0.61) * (0.60 + 0.40 * smoothstep(0.0, 0.30, F.z));
        // Gums, and the mouth's dark towards its corners.
        float gum = R.y > -0.037 ? smoothstep(-0.031, -0.029, R.y)
            : smoothstep(-0.046, -0.048, R.y);
        alb = mix(alb, vec3(0.34, 0.12, 0.11), gum);
        alb *= 1.0 - 0.75 * smoothstep(0.012, 0.026, abs(R.x));
        float gap = abs(fract(R.x / 0.0078) - 0.5);
        alb *= 1.0 - 0.45 * (1.0 - smoothstep(0.02, 0.13, gap));
        vec3 inside = mix(sh[0], vec3(dot(sh[0], vec3(0.33))), 0.7) * 0.25;
        c = alb * (max(A, inside) + kcol * max(dot(n, kdir), 0.0) * s) / PI
            + kcol * ggx(n, v, kdir, 0.25, 0.04) * s * 0.3;
    } else c = shadeSkin(LP.x, part, n, v, s);
    o = vec4(develop(c), cover);  // MSAA turns cover into samples
}"""
)

DEPTH_VERTEX = """#version 330
in vec3 pos; uniform mat4 VP;
void main() { gl_Position = VP * vec4(pos, 1.0); }"""

DEPTH_FRAGMENT = """#version 330
void main() {}"""

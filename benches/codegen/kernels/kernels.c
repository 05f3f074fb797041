// The kernels once more, for gcc: the same algorithms on the same memory.
#include <stdint.h>
#include <math.h>

#define LEFT (-1)

int64_t sum(const int32_t *p, int64_t q, int64_t n) {
    uint32_t s = 0;
    for (int64_t i = 0; i < n; i++) s += (uint32_t)p[i];
    return (int32_t)s;
}

int64_t checked_sum(const int32_t *p, int64_t q, int64_t wide) {
    int32_t n = (int32_t)wide, s = 0;
    for (int32_t i = 0; i < n;) {
        if ((uint32_t)i >= (uint32_t)n || __builtin_add_overflow(s, p[(uint32_t)i], &s)) return LEFT;
        if (__builtin_add_overflow(i, 1, &i)) return LEFT;
    }
    return s;
}

int64_t checked_sort(int32_t *p, int64_t q, int64_t wide) {
    int32_t n = (int32_t)wide;
    for (int32_t i = 1; i < n;) {
        if ((uint32_t)i >= (uint32_t)n) return LEFT;
        int32_t x = p[(uint32_t)i], j = i;
        while (j > 0) {
            int32_t k;
            if (__builtin_sub_overflow(j, 1, &k) || (uint32_t)k >= (uint32_t)n) return LEFT;
            int32_t y = p[(uint32_t)k];
            if (y <= x) break;
            if ((uint32_t)j >= (uint32_t)n) return LEFT;
            p[(uint32_t)j] = y;
            j = k;
        }
        if ((uint32_t)j >= (uint32_t)n) return LEFT;
        p[(uint32_t)j] = x;
        if (__builtin_add_overflow(i, 1, &i)) return LEFT;
    }
    return wide;
}

int64_t sieve(uint8_t *p, int64_t q, int64_t n) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) p[i] = 0;
    for (int64_t i = 2; i < n; i++)
        if (!p[i]) {
            count++;
            for (int64_t j = i + i; j < n; j += i) p[j] = 1;
        }
    return count;
}

int64_t matmul(double *a, int64_t q, int64_t n) {
    double *b = a + n * n, *c = b + n * n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double s = 0;
            for (int64_t k = 0; k < n; k++) s += a[i * n + k] * b[k * n + j];
            c[i * n + j] = s;
        }
    return n;
}

typedef struct { double x, y, z, vx, vy, vz, mass; } Body;
int64_t nbody(Body *p, int64_t q, int64_t n) {
    for (int64_t s = 0; s < n; s++) {
        for (int64_t i = 0; i < 5; i++)
            for (int64_t j = i + 1; j < 5; j++) {
                Body *a = p + i, *b = p + j;
                double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
                double d = dx * dx + dy * dy + dz * dz, m = 0.01 / (d * sqrt(d));
                double u = b->mass * m, v = a->mass * m;
                a->vx -= dx * u, a->vy -= dy * u, a->vz -= dz * u;
                b->vx += dx * v, b->vy += dy * v, b->vz += dz * v;
            }
        for (int64_t i = 0; i < 5; i++) p[i].x += p[i].vx * 0.01, p[i].y += p[i].vy * 0.01, p[i].z += p[i].vz * 0.01;
    }
    return n;
}

int64_t spectral(const double *p, double *q, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        double s = 0;
        for (int64_t j = 0; j < n; j++) s += p[j] / (double)(((i + j) * (i + j + 1) >> 1) + i + 1);
        q[i] = s;
    }
    return n;
}

int64_t mandelbrot(int64_t p, int64_t q, int64_t n) {
    int64_t all = 0;
    for (int64_t y = 0; y < n; y++)
        for (int64_t x = 0; x < n; x++) {
            double cr = (double)x * 3.0 / (double)n - 2.0, ci = (double)y * 2.0 / (double)n - 1.0, r = 0, i = 0;
            int64_t k = 0;
            while (k < 200) {
                double rr = r * r, ii = i * i;
                if (rr + ii > 4.0) break;
                i = r * 2.0 * i + ci, r = rr - ii + cr, k++;
            }
            all += k;
        }
    return all;
}

int64_t bubble(int32_t *p, int64_t q, int64_t wide) {
    int64_t count = 0;
    for (int32_t m = (int32_t)wide - 1; m > 0; m--)
        for (int32_t i = 0; i < m; i++) {
            int32_t a = p[i], b = p[i + 1];
            if (a > b) p[i] = b, p[i + 1] = a, count++;
        }
    return count;
}

static int64_t part(int32_t *p, int64_t lo, int64_t hi) {
    if (lo >= hi) return 0;
    int32_t pivot = p[(lo + hi) >> 1];
    int64_t i = lo, j = hi;
    while (i <= j) {
        while (p[i] < pivot) i++;
        while (p[j] > pivot) j--;
        if (i <= j) {
            int32_t x = p[i];
            p[i++] = p[j], p[j--] = x;
        }
    }
    return part(p, lo, j) + part(p, i, hi) + 1;
}
int64_t quick(int32_t *p, int64_t q, int64_t n) { return part(p, 0, n - 1); }

int64_t hash(const uint8_t *p, int64_t q, int64_t n) {
    uint64_t h = 14695981039346656037u, x = 88172645463325252u;
    for (int64_t i = 0; i < n; i++) {
        h = (h ^ p[i]) * 1099511628211u;
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        h += x;
    }
    return (int64_t)h;
}

int64_t scan(const uint8_t *p, int64_t q, int64_t n) {
    int64_t lines = 0, words = 0;
    int32_t within = 0;
    for (int64_t i = 0; i < n; i++) {
        if (p[i] == 10) lines++, within = 0;
        else if (p[i] <= 32) within = 0;
        else {
            if (!within) words++;
            within = 1;
        }
    }
    return (lines << 16) + words;
}

int64_t collatz(int64_t p, int64_t q, int64_t n) {
    int64_t steps = 0;
    for (int64_t i = 1; i < n; i++)
        for (int64_t x = i; x != 1; steps++) x = x & 1 ? x * 3 + 1 : x >> 1;
    return steps;
}

static int32_t of(int32_t n) { return n < 2 ? n : of(n - 1) + of(n - 2); }
int64_t fib(int64_t p, int64_t q, int64_t n) { return of((int32_t)n); }

int64_t nested(int64_t p, int64_t q, int64_t n) {
    int64_t a = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            int64_t k = i * j;
            if ((k & 7) == 3) a += i;
            else if ((k & 3) == 1) a -= j;
            else if (a > 100000) a >>= 1;
            else a ^= k;
        }
    return a;
}

int64_t gcd(int64_t p, int64_t q, int64_t wide) {
    int64_t all = 0;
    for (int32_t i = 1; i < (int32_t)wide; i++)
        for (int32_t j = 1; j < i; j++) {
            int32_t a = i, b = j;
            while (b) {
                int32_t r = a % b;
                a = b, b = r;
            }
            all += a;
        }
    return all;
}

int64_t v_map(int32_t *p, int64_t q, int64_t n) {
    for (int32_t i = 0; i < (int32_t)n; i++) p[i] = (int32_t)((uint32_t)p[i] + 7);
    return 0;
}
int64_t v_sum(const int32_t *p, int64_t q, int64_t n) {
    uint32_t s = 0;
    for (int32_t i = 0; i < (int32_t)n; i++) s += (uint32_t)p[i];
    return (int32_t)s;
}
int64_t v_checked(const int32_t *p, int64_t q, int64_t n) {
    int32_t s = 0;
    for (int32_t i = 0; i < (int32_t)n; i++)
        if (__builtin_add_overflow(s, p[i], &s)) return LEFT;
    return s;
}
int64_t v_min_max(const int32_t *p, int64_t q, int64_t n) {
    int32_t least = INT32_MAX, most = INT32_MIN;
    for (int32_t i = 0; i < (int32_t)n; i++) {
        least = p[i] < least ? p[i] : least;
        most = p[i] > most ? p[i] : most;
    }
    return (int32_t)((uint32_t)most - (uint32_t)least);
}
int64_t v_fill(int32_t *p, int64_t q, int64_t n) {
    for (int32_t i = 0; i < (int32_t)n; i++) p[i] = 42;
    return 0;
}
int64_t v_count(const int32_t *p, int64_t q, int64_t n) {
    int32_t c = 0;
    for (int32_t i = 0; i < (int32_t)n; i++) c += p[i] > 100;
    return c;
}
int64_t v_map_f64(double *p, int64_t q, int64_t n) {
    for (int32_t i = 0; i < (int32_t)n; i++) p[i] = p[i] * 0.5 + 0.25;
    return 0;
}
int64_t v_zip_f64(double *p, const double *q, int64_t n) {
    for (int32_t i = 0; i < (int32_t)n; i++) p[i] = p[i] * 0.5 + q[i];
    return 0;
}

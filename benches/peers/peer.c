// The update in C. Its products are plain loops, or calls of CBLAS where BLAS_HEADER names its header:
//
//     cc -O3 -march=native -ffast-math peer.c -o peer -lm
//     cc -O3 -march=native -ffast-math -DBLAS_HEADER='<cblas.h>' peer.c -o peer -lopenblas -lm
//
// BLAS_PREFIX is what the library puts before the names of its functions. run.py says what a peer reads and prints.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef BLAS_HEADER
#include BLAS_HEADER
#ifndef BLAS_PREFIX
#define BLAS_PREFIX
#endif
#define JOINED(prefix, name) prefix##name
#define EXPANDED(prefix, name) JOINED(prefix, name)
#define GEMV EXPANDED(BLAS_PREFIX, cblas_dgemv)
#define GEMM EXPANDED(BLAS_PREFIX, cblas_dgemm)
#endif

enum { T = 25, PAGE = 4096 };

// Matrices are row-major. U is stored transposed, so that a character's column is contiguous.
typedef struct {
    double *U, *W, *V, *b, *c;
} Tensors;

static long m, K, B, parameters;
static double *values, *gradients, *squares;
static Tensors theta, gradient;
// Row t * B + s is step t of sequence s; h has the state before the first step as well.
static double *h, *da, *g;
// Which characters an update reads. The columns of U of all others have a gradient of 0, so they do not change.
static char *is_read;

static void *allocated(size_t count) {
    void *entries = aligned_alloc(PAGE, (count * sizeof(double) + PAGE - 1) / PAGE * PAGE);
    if (!entries) exit(1);
    return memset(entries, 0, count * sizeof(double));
}

static Tensors tensors(double *entries) {
    Tensors of = {.U = entries};
    of.W = of.U + K * m;
    of.V = of.W + m * m;
    of.b = of.V + K * m;
    of.c = of.b + m;
    return of;
}

// C += A B', where A has n rows, B has p rows, and both have q columns.
static void add_product_transposed(long n, long p, long q, const double *restrict A, const double *restrict B, double *restrict C) {
#ifdef BLAS_HEADER
    if (n == 1)
        GEMV(CblasRowMajor, CblasNoTrans, p, q, 1, B, q, A, 1, 1, C, 1);
    else
        GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, n, p, q, 1, A, q, B, q, 1, C, p);
#else
    for (long i = 0; i < n; i++)
        for (long j = 0; j < p; j++) {
            double sum = 0;
            for (long k = 0; k < q; k++) sum += A[i * q + k] * B[j * q + k];
            C[i * p + j] += sum;
        }
#endif
}

// C += A B, where A is n x q and B is q x p.
static void add_product(long n, long p, long q, const double *restrict A, const double *restrict B, double *restrict C) {
#ifdef BLAS_HEADER
    if (n == 1)
        GEMV(CblasRowMajor, CblasTrans, q, p, 1, B, p, A, 1, 1, C, 1);
    else
        GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, p, q, 1, A, q, B, p, 1, C, p);
#else
    for (long i = 0; i < n; i++)
        for (long k = 0; k < q; k++)
            for (long j = 0; j < p; j++) C[i * p + j] += A[i * q + k] * B[k * p + j];
#endif
}

// C = A' B, where A is q x n and B is q x p.
static void transposed_product(long n, long p, long q, const double *restrict A, const double *restrict B, double *restrict C) {
#ifdef BLAS_HEADER
    GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, n, p, q, 1, A, n, B, p, 0, C, p);
#else
    memset(C, 0, n * p * sizeof *C);
    for (long i = 0; i < n; i++)
        for (long k = 0; k < q; k++)
            for (long j = 0; j < p; j++) C[i * p + j] += A[k * n + i] * B[k * p + j];
#endif
}

static void forward(const int32_t *x) {
    for (long t = 0; t < T; t++) {
        double *before = h + t * B * m, *state = before + B * m;
        for (long s = 0; s < B; s++) {
            const double *restrict column = theta.U + x[t * B + s] * m;
            double *restrict a = state + s * m;
            for (long i = 0; i < m; i++) a[i] = column[i] + theta.b[i];
        }
        add_product_transposed(B, m, m, before, theta.W, state);
        for (long i = 0; i < B * m; i++) state[i] = tanh(state[i]);
    }
    for (long r = 0; r < T * B; r++) memcpy(g + r * K, theta.c, K * sizeof *g);
    add_product_transposed(T * B, K, m, h + B * m, theta.V, g);
}

// Turns the logits into (p - y) / B, and returns the loss.
static double loss(const int32_t *y) {
    double total = 0;
    for (long r = 0; r < T * B; r++) {
        double *restrict row = g + r * K, largest = row[0], sum = 0;
        for (long k = 1; k < K; k++) largest = row[k] > largest ? row[k] : largest;
        double target = row[y[r]] - largest;
        for (long k = 0; k < K; k++) {
            row[k] = exp(row[k] - largest);
            sum += row[k];
        }
        total += log(sum) - target;
        double scale = 1 / (sum * B);
        for (long k = 0; k < K; k++) row[k] *= scale;
        row[y[r]] -= 1.0 / B;
    }
    return total / B;
}

static void backward(const int32_t *x) {
    transposed_product(K, m, T * B, g, h + B * m, gradient.V);
    memset(gradient.c, 0, K * sizeof *gradients);
    for (long r = 0; r < T * B; r++)
        for (long k = 0; k < K; k++) gradient.c[k] += g[r * K + k];

    memset(da, 0, T * B * m * sizeof *da);
    add_product(T * B, m, K, g, theta.V, da);
    memset(is_read, 0, K);
    for (long r = 0; r < T * B; r++) {
        if (!is_read[x[r]]) memset(gradient.U + x[r] * m, 0, m * sizeof *gradients);
        is_read[x[r]] = 1;
    }
    memset(gradient.b, 0, m * sizeof *gradients);
    for (long t = T - 1; t >= 0; t--) {
        double *step = da + t * B * m;
        if (t < T - 1) add_product(B, m, m, step + B * m, theta.W, step);
        for (long s = 0; s < B; s++) {
            double *restrict a = step + s * m, *restrict column = gradient.U + x[t * B + s] * m, *restrict b = gradient.b;
            const double *restrict state = h + ((t + 1) * B + s) * m;
            for (long i = 0; i < m; i++) {
                a[i] *= 1 - state[i] * state[i];
                column[i] += a[i];
                b[i] += a[i];
            }
        }
    }
    transposed_product(m, m, T * B, da, h, gradient.W);
}

static void adagrad(double *restrict theta, const double *restrict gradient, double *restrict G, long count) {
    for (long i = 0; i < count; i++) {
        double clipped = gradient[i] > 5 ? 5 : gradient[i];
        clipped = clipped < -5 ? -5 : clipped;
        G[i] += clipped * clipped;
        theta[i] -= 0.1 * clipped / sqrt(G[i] + 1e-8);
    }
}

static double update(const int32_t *x) {
    forward(x);
    double found = loss(x + B);
    backward(x);
    for (long k = 0; k < K; k++)
        if (is_read[k]) adagrad(values + k * m, gradients + k * m, squares + k * m, m);
    adagrad(values + K * m, gradients + K * m, squares + K * m, parameters - K * m);
    memcpy(h, h + T * B * m, B * m * sizeof *h);
    return found;
}

static void *contents(const char *folder, const char *name, long *size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    fseek(file, 0, SEEK_END);
    *size = ftell(file);
    rewind(file);
    void *bytes = allocated(*size / sizeof(double) + 1);
    if (fread(bytes, 1, *size, file) != (size_t)*size) exit(1);
    fclose(file);
    return bytes;
}

static void begin(const char *folder) {
    parameters = 2 * K * m + m * m + m + K;
    values = allocated(parameters), gradients = allocated(parameters), squares = allocated(parameters);
    theta = tensors(values), gradient = tensors(gradients);
    h = allocated((T + 1) * B * m), g = allocated(T * B * K), is_read = calloc(K, 1);
    // A load waits for a store at the same place of another page. Rows of W begin at the same places, so da begins elsewhere.
    da = (double *)allocated(T * B * m + 128) + 128;
    long size;
    double *weights = contents(folder, "weights", &size);
    if (size != parameters * (long)sizeof(double)) exit(1);
    for (long i = 0; i < m; i++)
        for (long k = 0; k < K; k++) theta.U[k * m + i] = weights[i * K + k];
    memcpy(theta.W, weights + m * K, (parameters - m * K) * sizeof *values);
    free(weights);
}

// Characters side by side: entry e * B + s is character e of sequence s.
static int32_t *text;
static long length, position;

static double next(void) {
    if (position + T + 1 > length) {
        position = 0;
        memset(h, 0, B * m * sizeof *h);
    }
    double found = update(text + position * B);
    position += T;
    return found;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

int main(int count, char **arguments) {
    if (count != 5) return 2;
    m = atol(arguments[2]), K = atol(arguments[3]), B = atol(arguments[4]);
    begin(arguments[1]);
    text = contents(arguments[1], "text", &length);
    length /= B * (long)sizeof *text;
    for (int n = 0; n < 3; n++) printf("%.17g\n", next());
    fflush(stdout);
    for (long updates; scanf("%ld", &updates) == 1;) {
        double start = seconds();
        for (long n = 0; n < updates; n++) next();
        printf("%.9f\n", seconds() - start);
        fflush(stdout);
    }
}

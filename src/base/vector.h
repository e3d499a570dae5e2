/* Hot loops compiled for several instruction sets of one CPU family, chosen when the program starts. */
#ifndef ASSAY_BASE_VECTOR_H
#define ASSAY_BASE_VECTOR_H

/* Put before a function whose loops only use integers and correctly rounded operations element by element: then wider
 * vectors change its speed and never its result (the build forbids contraction).  Only for gcc: clang 14 gives the
 * clones names that other files cannot link.  Sanitizers do without. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && !defined(ASSAY_SANITIZED)
#define VECTORISED __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define VECTORISED
#endif

#endif

// TIDEMILL_VECTORISED: marks a hot loop to be compiled for AVX2 as well, chosen when the plugin
// loads. The loops are integer arithmetic, so both versions give the same picture: an output
// must not depend on the machine that made it.
//
// Sanitizers run before the loader can resolve such a choice, so they get one version.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define TIDEMILL_SANITIZED 1
#endif
#endif

#if defined(__x86_64__) && !defined(TIDEMILL_SANITIZED) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define TIDEMILL_VECTORISED __attribute__((target_clones("avx2", "default")))
#else
#define TIDEMILL_VECTORISED
#endif

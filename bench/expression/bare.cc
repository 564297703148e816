// The bare arm: libjq in the loop that its manual shows - parse, start, next, dump.
//
//   bench_expression_bare PROGRAM FILE     prints nanoseconds per event and a digest of the output
#include <cstdio>

#include "bench/expression/arm.h"

extern "C" {
#include <jq.h>
#include <jv.h>
}

namespace tidemill::bench {
namespace {

double pass(jq_state* jq, const std::vector<std::string>& events, Digest* digest) {
  const double start = cpu_nanoseconds();
  for (const std::string& event : events) {
    jq_start(jq, jv_parse_sized(event.data(), static_cast<int>(event.size())), 0);
    for (;;) {
      jv given = jq_next(jq);
      if (jv_is_valid(given) == 0) {
        jv_free(given);
        break;
      }
      jv text = jv_dump_string(given, 0);
      if (digest != nullptr) digest->add(jv_string_value(text));
      jv_free(text);
    }
  }
  return (cpu_nanoseconds() - start) / static_cast<double>(events.size());
}

int run(const char* program, const char* file) {
  const auto events = lines_of(file);
  jq_state* jq = jq_init();
  jq_set_nomem_handler(jq, [](void*) {}, nullptr);
  if (events.empty() || jq_compile(jq, program) == 0) return 1;
  Digest digest;
  pass(jq, events, &digest);
  std::printf("%.1f %llu\n", pass(jq, events, nullptr),
              static_cast<unsigned long long>(digest.value()));
  jq_teardown(&jq);
  return 0;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) { return argc == 3 ? tidemill::bench::run(argv[1], argv[2]) : 2; }

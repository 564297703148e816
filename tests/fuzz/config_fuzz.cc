// Any bytes at all are a plan or located problems: no crash, no leak, no hang. Every plan prints as
// a file that is a plan again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/config/testing/fakes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill::config;
  static testing::Desk desk;
  desk.variables = {{"SET", "value"}, {"EMPTY", ""}};
  const auto loaded = desk.load(std::string(reinterpret_cast<const char*>(data), size));
  if (loaded.plan.has_value() != loaded.problems.empty()) std::abort();
  for (const auto& problem : loaded.problems)
    if (problem.where.file.empty() || problem.what.empty()) std::abort();
  if (!loaded.plan) return 0;
  // A secret prints as (hidden), which is text too, so this holds for those as well.
  const auto explained = desk.explained(*loaded.plan);
  const auto again = desk.load(explained);
  if (!again.plan || desk.explained(*again.plan) != explained) std::abort();
  return 0;
}

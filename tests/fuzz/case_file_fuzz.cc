// Any bytes at all are cases or located problems: no crash, no leak, no hang. And whatever is
// recorded in them changes nothing but the expectation it is recorded in.

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/rehearsal/case_file.h"
#include "core/rehearsal/expectation.h"
#include "core/rehearsal/recording.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill;
  using namespace tidemill::rehearsal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  config::Problems problems;
  const CaseFile file = read_case_file(text, "fuzz.test.yaml", problems);
  for (const auto& problem : problems.errors())
    if (problem.where.file.empty() || problem.what.empty()) std::abort();
  if (!problems.empty()) return 0;
  const std::vector<Correction> corrections{
      {{"summary"}, boost::json::object{{"events", 1}}},
      {{"sinks", "out"}, boost::json::array{boost::json::object{{"data", "- x: 'y'"}}}}};
  for (std::size_t i = 0; i < file.cases.size(); ++i) {
    const auto fresh = recorded(text, file.name, i, corrections, problems);
    if (!fresh) continue;
    config::Problems again;
    const CaseFile written = read_case_file(*fresh, file.name, again);
    if (!again.empty() || written.cases.size() != file.cases.size()) std::abort();
    for (std::size_t j = 0; j < file.cases.size(); ++j)
      if (j != i && shown(written.cases[j].expect) != shown(file.cases[j].expect)) std::abort();
  }
  return 0;
}

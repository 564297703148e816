#include "app/summary.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <iterator>

#include "core/dispatch/pipeline_totals.h"

namespace tidemill::app {
namespace {
double seconds(Duration duration) { return static_cast<double>(duration.count()) / 1e6; }
}  // namespace

std::string summary_json(Duration elapsed, std::span<const PipelineStatus> pipelines) {
  std::string out = fmt::format(R"({{"seconds": {:.3f}, "pipelines": {{)", seconds(elapsed));
  std::string_view separator;
  for (const PipelineStatus& p : pipelines) {
    fmt::format_to(std::back_inserter(out), "{}{}: {{", separator,
                   boost::json::serialize(boost::json::string(p.name)));
    separator = "";
    for (const auto& [name, value] : pipeline_totals) {
      fmt::format_to(std::back_inserter(out), R"({}"{}": {})", separator, name, p.stats.*value);
      separator = ", ";
    }
    out += '}';
  }
  return out + "}}";
}

std::string summary_text(Duration elapsed, std::span<const PipelineStatus> pipelines) {
  std::string out;
  for (const PipelineStatus& p : pipelines) {
    const PipelineStats& s = p.stats;
    fmt::format_to(std::back_inserter(out), "{}: {} events, {} committed, {} dead letters", p.name,
                   s.events, s.committed, s.dead_lettered + s.dead_effects);
    if (s.filtered != 0) fmt::format_to(std::back_inserter(out), ", {} filtered", s.filtered);
    if (s.replayed + s.failed_replays != 0)
      fmt::format_to(std::back_inserter(out), ", {} replayed, {} in vain",
                     s.replayed + s.failed_replays, s.failed_replays);
    if (s.retried != 0) fmt::format_to(std::back_inserter(out), ", {} retried", s.retried);
    if (!p.error.empty()) fmt::format_to(std::back_inserter(out), "; {}", p.error);
    out += '\n';
  }
  return out + fmt::format("in {:.1f} s\n", seconds(elapsed));
}

std::uint64_t dead_letters(std::span<const PipelineStatus> pipelines) {
  std::uint64_t all = 0;
  for (const PipelineStatus& p : pipelines)
    all += p.stats.dead_lettered + p.stats.dead_effects + p.stats.failed_replays;
  return all;
}

}  // namespace tidemill::app

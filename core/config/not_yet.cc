#include "core/config/not_yet.h"

#include <array>

namespace tidemill::config {
namespace {

constexpr std::array<NotYet, 1> source_words{
    {{"limit", "bound the pipeline with `parallel:` and `batch:` for now"}}};
constexpr std::array<NotYet, 2> destination_words{
    {{"when", "it gets a record of every event; let what reads them choose"},
     {"map", "it gets records as they are; let what reads them shape them"}}};
constexpr std::array<NotYet, 3> function_words{
    {{"lambda", "write a native function; `tidemill new function NAME` starts one"},
     {"returns", "it belongs to lambda functions"},
     {"environment", "it belongs to lambda functions; give a native one `config:`"}}};
constexpr std::array<NotYet, 1> concurrency_words{
    {{"schedule", "set a fixed `provisioned:` for now"}}};
constexpr std::array<NotYet, 1> dead_letter_words{
    {{"sink", "dead letters are kept in the data folder; set `keep:`"}}};

}  // namespace

std::span<const NotYet> later_in_sources() { return source_words; }
std::span<const NotYet> later_in_destinations() { return destination_words; }
std::span<const NotYet> later_in_functions() { return function_words; }
std::span<const NotYet> later_in_concurrency() { return concurrency_words; }
std::span<const NotYet> later_in_dead_letter() { return dead_letter_words; }

const NotYet* find(std::span<const NotYet> words, std::string_view word) {
  for (const auto& entry : words)
    if (entry.word == word) return &entry;
  return nullptr;
}

}  // namespace tidemill::config

#include "core/invoke/batch_item_failures.h"

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <string>
#include <tuple>

namespace tidemill {
namespace {

namespace json = boost::json;

using Name = std::tuple<std::string_view, std::string_view, std::uint64_t>;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\n\r") == std::string_view::npos;
}

// null, "", [] and {} say nothing, so nothing failed.
bool is_nothing(const json::value& answer) {
  if (const json::string* text = answer.if_string()) return text->empty();
  if (const json::array* list = answer.if_array()) return list->empty();
  return answer.is_null();
}

// Kafka's events have no id but their place. AWS's own samples use both names for the partition.
std::optional<Name> place_of(const json::object& identifier) {
  const json::value* partition = identifier.if_contains("partition");
  if (partition == nullptr) partition = identifier.if_contains("topic-partition");
  const json::value* offset = identifier.if_contains("offset");
  if (partition == nullptr || !partition->is_string() || offset == nullptr) return std::nullopt;
  json::error_code error;
  const auto number = offset->to_number<std::uint64_t>(error);
  if (error || partition->get_string().empty()) return std::nullopt;
  return Name{"", std::string_view(partition->get_string()), number};
}

std::optional<Name> name_of(const json::value& item) {
  const json::object* fields = item.if_object();
  const json::value* identifier = fields ? fields->if_contains("itemIdentifier") : nullptr;
  if (identifier == nullptr) return std::nullopt;
  if (const json::object* place = identifier->if_object()) return place_of(*place);
  const json::string* id = identifier->if_string();
  // A number is never an id, not even one with the digits of an id.
  if (id == nullptr || id->empty()) return std::nullopt;
  return Name{std::string_view(*id), "", 0};
}

}  // namespace

Result<std::vector<std::uint32_t>> batch_item_failures(std::string_view body,
                                                       std::span<const ItemId> batch) {
  if (is_blank(body)) return {};
  json::error_code error;
  const json::value answer = json::parse(body, error);
  if (error) return fail(Fault::transient, "the function's answer is not JSON");
  if (is_nothing(answer)) return {};
  const json::object* fields = answer.if_object();
  if (fields == nullptr) return fail(Fault::transient, "the function's answer is not an object");
  const json::value* list = fields->if_contains("batchItemFailures");
  if (list == nullptr || list->is_null()) return {};
  if (!list->is_array()) return fail(Fault::transient, "batchItemFailures is not a list");

  std::multimap<Name, std::uint32_t> index;
  for (std::uint32_t i = 0; i < batch.size(); ++i)
    index.emplace(Name{batch[i].id, batch[i].topic_partition, batch[i].offset}, i);
  std::vector<bool> failed(batch.size());
  for (const json::value& item : list->get_array()) {
    const auto name = name_of(item);
    if (!name)
      return fail(Fault::transient,
                  "an item of batchItemFailures has no itemIdentifier: " + json::serialize(item));
    const auto [first, last] = index.equal_range(*name);
    if (first == last)
      return fail(Fault::transient, "batchItemFailures names an event that is not in the batch: " +
                                        json::serialize(item));
    for (auto found = first; found != last; ++found) failed[found->second] = true;
  }
  std::vector<std::uint32_t> failures;
  for (std::uint32_t i = 0; i < failed.size(); ++i)
    if (failed[i]) failures.push_back(i);
  return failures;
}

}  // namespace tidemill

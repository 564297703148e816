// FunctionHost: the engine's side of a function for tests. Serves objects and rows from memory,
// drives the plugin through its exported C entry, and keeps what it answered.
#pragma once

#include <cstdlib>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/function_abi.h"

extern "C" const tidemill_function* tidemill_function_entry(std::uint32_t abi_major);

namespace tidemill::testing {

class FunctionHost {
 public:
  using Options = std::vector<std::pair<std::string, std::string>>;

  struct Effect {
    std::uint32_t kind;
    std::uint32_t event;
    std::string output;
    std::string key;
    std::string content_type;
    std::string data;
    std::map<std::string, std::string> metadata;
    std::int64_t operand = 0;
  };
  struct Failure {
    std::uint32_t event;
    std::uint32_t fault;
    std::string reason;
  };
  struct Answer {
    std::uint32_t status = TIDEMILL_OK;
    std::vector<Effect> effects;
    std::vector<Failure> failures;

    /// The first effect on an output; asserts by abort when there is none.
    const Effect& on(std::string_view output) const {
      for (const Effect& effect : effects) {
        if (effect.output == output) return effect;
      }
      std::abort();
    }

    /// The keys of all effects on an output.
    std::vector<std::string> keys_on(std::string_view output) const {
      std::vector<std::string> keys;
      for (const Effect& effect : effects)
        if (effect.output == output) keys.push_back(effect.key);
      return keys;
    }

    /// The reply to an event; its status is 0 where there is none.
    Effect reply(std::uint32_t event = 0) const {
      Effect found{};
      for (const Effect& effect : effects)
        if (effect.kind == TIDEMILL_REPLY && effect.event == event) found = effect;
      return found;
    }
  };

  explicit FunctionHost(const Options& options = {}) : function_(tidemill_function_entry(1)) {
    std::vector<tidemill_pair> pairs;
    for (const auto& [name, value] : options) pairs.push_back({slice(name), slice(value)});
    tidemill_slice error{};
    function_->create(pairs.data(), pairs.size(), &instance_, &error);
    create_error_ = text(error);
  }
  FunctionHost(const FunctionHost&) = delete;
  FunctionHost& operator=(const FunctionHost&) = delete;
  ~FunctionHost() {
    if (instance_ != nullptr) function_->destroy(instance_);
  }

  const std::string& create_error() const { return create_error_; }
  const tidemill_function& function() const { return *function_; }
  int objects_held() const { return objects_held_; }

  void created(std::string key, std::string object,
               std::string data = R"({"object":{"etag":"e1"}})") {
    add({.key = std::move(key),
         .type = "com.amazonaws.s3.ObjectCreated:Put",
         .data = std::move(data),
         .object = std::move(object)});
  }
  void removed(std::string key) {
    add({.key = std::move(key),
         .type = "com.amazonaws.s3.ObjectRemoved:Delete",
         .data = "{}",
         .object = ""});
  }

  /// An event with this data, and nothing else but its key and the time.
  void event(std::string key, std::string data, std::uint64_t time_us = 0) {
    add({.key = std::move(key),
         .type = {},
         .data = std::move(data),
         .object = {},
         .time = time_us});
  }

  /// The rows of every table, by name and key.
  std::map<std::string, std::map<std::string, std::string>> tables;

  /// Invokes the function with all events so far, and forgets them.
  Answer invoke() {
    std::vector<tidemill_event> events;
    for (const Event& event : events_) {
      events.push_back({.size = sizeof(tidemill_event),
                        .extension_count = 0,
                        .id = slice(event.key),
                        .source = {},
                        .type = slice(event.type),
                        .subject = slice(event.key),
                        .content_type = {},
                        .key = {},
                        .data = slice(event.data),
                        .time_us = event.time,
                        .object_bytes = event.object.size(),
                        .extensions = nullptr});
    }
    const tidemill_host host = table();
    const tidemill_request request{.size = sizeof(tidemill_request),
                                   .attempt = 1,
                                   .timeout_us = 1'000'000,
                                   .seed = 0,
                                   .request_id = {},
                                   .trace_parent = {},
                                   .function_version = {},
                                   .events = events.data(),
                                   .event_count = events.size(),
                                   .event_stride = sizeof(tidemill_event),
                                   .host = &host,
                                   .host_context = this};
    const tidemill_response* response = function_->handle(instance_, &request);
    Answer answer = copy(*response);
    function_->free_response(instance_, response);
    events_.clear();
    pages_.clear();
    return answer;
  }

 private:
  struct Event {
    std::string key;
    std::string type;
    std::string data;
    std::string object;
    std::uint64_t time = 0;
  };

  static tidemill_slice slice(const std::string& text) { return {text.data(), text.size()}; }
  static std::string text(tidemill_slice slice) {
    return slice.size == 0 ? std::string() : std::string(slice.data, slice.size);
  }

  void add(Event event) { events_.push_back(std::move(event)); }

  static std::uint32_t read_object(void* context, std::size_t index, std::uint64_t bytes_max,
                                   tidemill_slice* bytes, tidemill_slice* error) {
    auto& host = *static_cast<FunctionHost*>(context);
    const std::string& object = host.events_[index].object;
    if (object.size() > bytes_max) {
      static const std::string too_large = "the object is larger than bytes_max";
      *error = slice(too_large);
      return TIDEMILL_BAD_EVENT;
    }
    ++host.objects_held_;
    *bytes = slice(object);
    return TIDEMILL_OK;
  }

  static std::uint32_t read_row(void* context, tidemill_slice table, tidemill_slice key,
                                tidemill_slice* value, int* found, tidemill_slice*) {
    const auto& rows = static_cast<FunctionHost*>(context)->tables[text(table)];
    const auto row = rows.find(text(key));
    *found = row == rows.end() ? 0 : 1;
    if (*found != 0) *value = slice(row->second);
    return TIDEMILL_OK;
  }

  static std::uint32_t scan_rows(void* context, const tidemill_scan* scan,
                                 const tidemill_row** rows, std::size_t* count, int* more,
                                 tidemill_slice*) {
    auto& host = *static_cast<FunctionHost*>(context);
    auto& page = host.pages_.emplace_back();
    *more = 0;
    std::uint64_t bytes = 0;
    for (const auto& [key, value] : host.tables[text(scan->table)]) {
      if (!key.starts_with(text(scan->prefix)) || key <= text(scan->after)) continue;
      bytes += key.size() + value.size();
      const bool full = page.size() >= scan->rows_max || (!page.empty() && bytes > scan->bytes_max);
      if (full) *more = 1;
      if (full) break;
      page.push_back({slice(key), slice(value)});
    }
    *rows = page.data();
    *count = page.size();
    return TIDEMILL_OK;
  }

  static tidemill_host table() {
    return {
        .size = sizeof(tidemill_host),
        .reserved = 0,
        .allocate = [](void*, std::size_t bytes, std::size_t) { return std::malloc(bytes); },
        .deallocate = [](void*, void* memory, std::size_t, std::size_t) { std::free(memory); },
        .read_object = &FunctionHost::read_object,
        .release_object = [](void* context,
                             std::size_t) { --static_cast<FunctionHost*>(context)->objects_held_; },
        .expired = [](void*) { return 0; },
        .event_id =
            [](void* context, std::size_t index) {
              return slice(static_cast<FunctionHost*>(context)->events_[index].key);
            },
        .log = [](void*, std::uint32_t, tidemill_slice) {},
        .read_row = &FunctionHost::read_row,
        .scan_rows = &FunctionHost::scan_rows};
  }

  Answer copy(const tidemill_response& response) const {
    Answer answer;
    answer.status = response.status;
    for (std::size_t i = 0; i < response.effect_count; ++i) {
      const tidemill_effect& raw = response.effects[i];
      Effect& effect = answer.effects.emplace_back(Effect{.kind = raw.kind,
                                                          .event = raw.event_index,
                                                          .output = output_of(raw),
                                                          .key = text(raw.key),
                                                          .content_type = text(raw.content_type),
                                                          .data = text(raw.data),
                                                          .metadata = {},
                                                          .operand = raw.operand});
      for (std::uint32_t m = 0; m < raw.metadata_count; ++m) {
        effect.metadata[text(raw.metadata[m].name)] = text(raw.metadata[m].value);
      }
    }
    for (std::size_t i = 0; i < response.failure_count; ++i) {
      const tidemill_failure& raw = response.failures[i];
      answer.failures.push_back(
          {.event = raw.event_index, .fault = raw.fault, .reason = text(raw.reason)});
    }
    return answer;
  }

  std::string output_of(const tidemill_effect& effect) const {
    return effect.kind == TIDEMILL_REPLY ? "" : text(function_->outputs[effect.output].name);
  }

  const tidemill_function* function_;
  void* instance_ = nullptr;
  std::string create_error_;
  std::vector<Event> events_;
  std::deque<std::vector<tidemill_row>> pages_;  // What scans found, until the next invocation.
  int objects_held_ = 0;
};

}  // namespace tidemill::testing

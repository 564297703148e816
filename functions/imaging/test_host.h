// TestHost: the engine's side of a function for tests. Serves objects from memory, drives the
// plugin through its exported C entry, and keeps what it answered.
#pragma once

#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tidemill/function_abi.h"

extern "C" const tidemill_function* tidemill_function_entry(std::uint32_t abi_major);

namespace tidemill::imaging::testing {

class TestHost {
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
  };

  explicit TestHost(const Options& options = {}) : function_(tidemill_function_entry(1)) {
    std::vector<tidemill_pair> pairs;
    for (const auto& [name, value] : options) pairs.push_back({slice(name), slice(value)});
    tidemill_slice error{};
    function_->create(pairs.data(), pairs.size(), &instance_, &error);
    create_error_ = text(error);
  }
  TestHost(const TestHost&) = delete;
  TestHost& operator=(const TestHost&) = delete;
  ~TestHost() {
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

  /// Invokes the function with all events so far.
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
                        .time_us = 0,
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
    return answer;
  }

 private:
  struct Event {
    std::string key;
    std::string type;
    std::string data;
    std::string object;
  };

  static tidemill_slice slice(const std::string& text) { return {text.data(), text.size()}; }
  static std::string text(tidemill_slice slice) { return {slice.data, slice.size}; }

  void add(Event event) { events_.push_back(std::move(event)); }

  static std::uint32_t read_object(void* context, std::size_t index, std::uint64_t bytes_max,
                                   tidemill_slice* bytes, tidemill_slice* error) {
    auto& host = *static_cast<TestHost*>(context);
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

  static tidemill_host table() {
    return {.size = sizeof(tidemill_host),
            .reserved = 0,
            .allocate = [](void*, std::size_t bytes, std::size_t) { return std::malloc(bytes); },
            .deallocate = [](void*, void* memory, std::size_t, std::size_t) { std::free(memory); },
            .read_object = &TestHost::read_object,
            .release_object = [](void* context,
                                 std::size_t) { --static_cast<TestHost*>(context)->objects_held_; },
            .expired = [](void*) { return 0; },
            .event_id =
                [](void* context, std::size_t index) {
                  return slice(static_cast<TestHost*>(context)->events_[index].key);
                },
            .log = [](void*, std::uint32_t, tidemill_slice) {},
            .read_row = nullptr};
  }

  Answer copy(const tidemill_response& response) const {
    Answer answer;
    answer.status = response.status;
    for (std::size_t i = 0; i < response.effect_count; ++i) {
      const tidemill_effect& raw = response.effects[i];
      Effect& effect =
          answer.effects.emplace_back(Effect{.kind = raw.kind,
                                             .event = raw.event_index,
                                             .output = text(function_->outputs[raw.output].name),
                                             .key = text(raw.key),
                                             .content_type = text(raw.content_type),
                                             .data = text(raw.data),
                                             .metadata = {}});
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

  const tidemill_function* function_;
  void* instance_ = nullptr;
  std::string create_error_;
  std::vector<Event> events_;
  int objects_held_ = 0;
};

/// The bytes of a picture of tests/data as an object.
inline std::string object(const std::vector<std::uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace tidemill::imaging::testing

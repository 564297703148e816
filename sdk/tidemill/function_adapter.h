// Adapter: a function class of C++ as the table of functions that crosses the C ABI. What
// TIDEMILL_FUNCTION() makes of it; authors of functions need not look here.
//
// Included by function.h, behind everything that it refers to. No exception leaves it.
#pragma once

#include "tidemill/function.h"

namespace tidemill {

namespace abi {

/// The C table of one C++ function class, made at first use and kept for ever.
template <class Function>
class Adapter {
 public:
  static const tidemill_function* entry(std::uint32_t abi_major) {
    if (abi_major != TIDEMILL_ABI_MAJOR) return nullptr;
    static const Adapter adapter;
    return &adapter.table_;
  }

 private:
  using Config = typename Function::Config;

  Adapter() : info_(Function::info()), spec_(Function::spec()) {
    for (const Output& o : info_.outputs)
      outputs_.push_back(
          {.size = sizeof(tidemill_output),
           .kind = static_cast<std::uint32_t>(o.kind) | (o.optional ? TIDEMILL_OUTPUT_OPTIONAL : 0),
           .name = slice(o.name),
           .doc = slice(o.doc)});
    choices_.resize(spec_.decls().size());
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      const OptionDecl& d = spec_.decls()[i];
      for (const auto& choice : d.choices) choices_[i].push_back(slice(choice));
      options_.push_back({.size = sizeof(tidemill_option),
                          .type = static_cast<std::uint32_t>(d.type),
                          .flags = (d.required ? TIDEMILL_OPTION_REQUIRED : 0) |
                                   (d.list ? TIDEMILL_OPTION_LIST : 0) |
                                   (d.min ? TIDEMILL_OPTION_HAS_MIN : 0) |
                                   (d.max ? TIDEMILL_OPTION_HAS_MAX : 0),
                          .choice_count = static_cast<std::uint32_t>(choices_[i].size()),
                          .name = slice(d.name),
                          .default_value = slice(d.default_value),
                          .doc = slice(d.doc),
                          .choices = choices_[i].data(),
                          .min = d.min.value_or(0),
                          .max = d.max.value_or(0)});
    }
    table_ = {.size = sizeof(tidemill_function),
              .abi_major = TIDEMILL_ABI_MAJOR,
              .abi_minor = TIDEMILL_ABI_MINOR,
              .flags = info_.flags,
              .name = slice(info_.name),
              .version = slice(info_.version),
              .summary = slice(info_.summary),
              .outputs = outputs_.data(),
              .output_count = outputs_.size(),
              .output_stride = sizeof(tidemill_output),
              .options = options_.data(),
              .option_count = options_.size(),
              .option_stride = sizeof(tidemill_option),
              .create = &create,
              .destroy = &destroy,
              .handle = &handle,
              .cancel = &cancel,
              .free_response = &free_response};
  }

  // What the engine holds of a response: the C view first, so that one pointer serves both.
  struct Answer {
    explicit Answer(const tidemill_request* request) : context(request) {}
    tidemill_response raw{};
    Context context;
    std::optional<Response> response;
    std::string reason;
  };

  static std::uint32_t create(const tidemill_pair* options, std::size_t count, void** instance,
                              tidemill_slice* error) {
    thread_local std::string message;
    try {
      ResolvedOptions resolved;
      for (std::size_t i = 0; i < count; ++i)
        resolved.emplace_back(text(options[i].name), text(options[i].value));
      Result<Config> config = Function::spec().make(resolved);
      if (config) {
        *instance = new Function(std::move(*config));
        return TIDEMILL_OK;
      }
      message = config.error().message;
    } catch (const std::exception& e) {
      message = e.what();
    } catch (...) {
      message = "the constructor threw something that is not a std::exception";
    }
    *error = slice(message);
    return TIDEMILL_BAD_CONFIG;
  }

  static void destroy(void* instance) { delete static_cast<Function*>(instance); }

  static const tidemill_response* handle(void* instance, const tidemill_request* request) {
    auto* answer = new Answer(request);
    auto failed = [&](std::string reason) {
      answer->reason = std::move(reason);
      answer->response.reset();
      answer->raw = {.size = sizeof(tidemill_response),
                     .status = TIDEMILL_RETRY,
                     .reason = slice(answer->reason),
                     .effects = nullptr,
                     .effect_count = 0,
                     .effect_stride = 0,
                     .failures = nullptr,
                     .failure_count = 0,
                     .failure_stride = 0};
    };
    try {
      answer->response.emplace(
          static_cast<Function*>(instance)->handle(Batch(request), answer->context));
      answer->raw = answer->response->raw();
    } catch (const std::bad_alloc&) {
      failed("ran out of memory");
    } catch (const std::exception& e) {
      failed(e.what());
    } catch (...) {
      failed("threw something that is not a std::exception");
    }
    return &answer->raw;
  }

  static void cancel(void* instance) {
    if constexpr (requires(Function& f) { f.cancel(); }) static_cast<Function*>(instance)->cancel();
  }

  static void free_response(void*, const tidemill_response* response) {
    delete reinterpret_cast<Answer*>(const_cast<tidemill_response*>(response));
  }

  FunctionInfo info_;
  ConfigSpec<Config> spec_;
  std::vector<tidemill_output> outputs_;
  std::vector<std::vector<tidemill_slice>> choices_;
  std::vector<tidemill_option> options_;
  tidemill_function table_{};
};

}  // namespace abi

}  // namespace tidemill

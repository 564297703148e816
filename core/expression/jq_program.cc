#include "core/expression/jq_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/json_line.h"
#include "core/expression/compile_errors.h"
#include "core/expression/jq_value.h"
#include "core/expression/json_text.h"

namespace tidemill::expression {
namespace {

// Stands before every program. Because of it a program cannot begin with `import` or `include`, so
// that no module is read. The definitions of match and what is built on it leave out matches of
// nothing where all are asked for: libjq 1.6 reads past the end of text that is not ASCII there.
constexpr std::string_view prelude =
    R"(def env: {};
def halt: error("halt is not available in a pipeline");
def halt_error: halt;
def halt_error($code): halt;
def input: error("there is no other input: an expression sees one event");
def inputs: empty;
def debug: .;
def stderr: .;
def input_filename: null;
def input_line_number: null;
def get_search_list: [];
def modulemeta: error("modules are not available in a pipeline");
def _match_once($re; $flags): match($re; $flags);
def match($re; $flags):
  if ($flags | type) == "string" and ($flags | contains("g")) then _match_once($re; $flags + "n")
  else _match_once($re; $flags) end;
def match($re): if ($re | type) == "array" then match($re[0]; $re[1]) else match($re; null) end;
def _captured: reduce (.captures[] | select(.name != null)) as $one ({}; .[$one.name] = $one.string);
def capture($re; $flags): match($re; $flags) | _captured;
def capture($re): match($re) | _captured;
def scan($re):
  match($re; "g") | if (.captures | length) > 0 then [.captures[].string] else .string end;
def splits($re; $flags):
  . as $text | [0, (match($re; "g" + $flags) | .offset, .offset + .length), ($text | length)]
  | . as $ends | range(0; length; 2) | $text[$ends[.]:$ends[. + 1]];
def splits($re): splits($re; null);
def split($re; $flags): [splits($re; $flags)];
def sub($re; with; $flags):
  . as $text
  | reduce match($re; $flags) as $one ({done: 0, text: ""};
      .text += $text[.done:$one.offset] + ($one | _captured | with)
      | .done = $one.offset + $one.length)
  | .text + $text[.done:];
def sub($re; with): sub($re; with; "");
def gsub($re; with; $flags): sub($re; with; $flags + "g");
def gsub($re; with): sub($re; with; "g");
{} as $ENV |
)";
constexpr std::string_view event_prelude = ".[1] as $event | .[0] |\n";

constexpr std::size_t message_max = 400;

struct Compilation {
  jq_state* jq = nullptr;
  const char* text = nullptr;
  std::vector<std::string> messages;
  bool good = false;
};

void on_error(void* compilation, jv message) {
  if (jv_get_kind(message) == JV_KIND_STRING)
    static_cast<Compilation*>(compilation)->messages.emplace_back(text_of(message));
  jv_free(message);
}

void perform_compilation(void* argument) {
  auto& work = *static_cast<Compilation*>(argument);
  work.jq = jq_init();
  // jq_init() leaves all of these as they happen to be.
  jq_set_nomem_handler(work.jq, [](void*) {}, nullptr);
  jq_set_input_cb(work.jq, nullptr, nullptr);
  jq_set_debug_cb(work.jq, nullptr, nullptr);
  jq_set_error_cb(work.jq, &on_error, argument);
  work.good = jq_compile(work.jq, work.text) != 0;
}

void tear_down(void* jq) {
  auto* state = static_cast<jq_state*>(jq);
  jq_teardown(&state);
}

std::string shortened(std::string text) {
  if (text.size() <= message_max) return text;
  std::size_t end = message_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

}  // namespace

/// One evaluation, as it goes through perform().
struct JqProgram::Run {
  JqProgram& program;
  simdjson::ondemand::document& document;
  const EventView& event;
  std::string_view time;
  Strings strings;

  std::vector<Value> values;
  std::size_t bytes = 0;
  simdjson::error_code wrong_data = simdjson::SUCCESS;
  bool failed = false;  // By the program, for the reason below.
  bool too_much = false;
  std::string message;
};

JqProgram::JqProgram(bool reads_event, Limits limits)
    : reads_event_(reads_event), limits_(limits), guard_(limits) {}

JqProgram::~JqProgram() {
  if (jq_ != nullptr) guard_.run(&tear_down, jq_);
}

Result<std::unique_ptr<JqProgram>> JqProgram::compile(std::string_view text, bool reads_event,
                                                      Limits limits) {
  if (text.contains('\0')) return fail(Fault::bad_config, "jq: a zero byte in the expression");
  std::string whole(prelude);
  if (reads_event) whole += event_prelude;
  const auto lines = std::ranges::count(whole, '\n');
  whole += text;

  Compilation work{.text = whole.c_str()};
  JqGuard guard{Limits{}};
  if (!guard.run(&perform_compilation, &work))
    return fail(Fault::bad_config, "jq: libjq gave up compiling the expression: " +
                                       (guard.fault().empty() ? "it is too much" : guard.fault()));
  std::unique_ptr<JqProgram> program(new JqProgram(reads_event, limits));
  program->jq_ = work.jq;
  program->compiled_bytes_ = guard.used_bytes();
  if (work.good) return program;
  return fail(Fault::bad_config,
              compile_errors(work.messages, text, static_cast<std::size_t>(lines)));
}

Result<std::vector<Value>> JqProgram::run(std::string_view data, const EventView& event,
                                          Strings strings) {
  simdjson::ondemand::document document;
  if (const auto error = open_json(data, document)) return json_fault(error);
  std::string time;
  if (reads_event_ && event.time.value != 0) time = rfc3339(event.time.value);
  Run run{.program = *this,
          .document = document,
          .event = event,
          .time = time,
          .strings = strings,
          .values = {},
          .message = {}};
  if (!guard_.run(&perform, &run)) jq_ = nullptr;
  if (guard_.cut() != JqGuard::Cut::no || run.failed || run.too_much) return fault(run);
  if (run.wrong_data) return json_fault(run.wrong_data);
  return std::move(run.values);
}

// Inside the guard: nothing here may need its destructor.
void JqProgram::perform(void* argument) {
  Run& run = *static_cast<Run*>(argument);
  JqProgram& program = run.program;
  jv input = make_jv(run.document, run.wrong_data);
  if (run.wrong_data) return;
  if (program.reads_event_) {
    jv both = jv_array_append(jv_array(), input);
    input = jv_array_append(both, make_jv(run.event, run.time));
  }
  jq_start(program.jq_, input, 0);
  if (program.guard_.may_go_on(program.jq_)) {
    for (;;) {
      jv given = jq_next(program.jq_);
      if (jv_is_valid(given) == 0) {
        jv message = jv_invalid_get_msg(given);
        run.failed = jv_get_kind(message) != JV_KIND_NULL;
        if (jv_get_kind(message) == JV_KIND_STRING) {
          run.message = text_of(message);
        } else {
          append_json(message, run.message, message_max);
        }
        jv_free(message);
        break;
      }
      run.too_much = !program.give(given, run);
      jv_free(given);
      if (run.too_much) break;
    }
  }
  // Where a program did not come to its end, it holds values until it is started again.
  if (run.failed || run.too_much || JqGuard::current_is_cut()) jq_start(program.jq_, jv_null(), 0);
}

bool JqProgram::give(jv value, Run& run) const {
  Value& given = run.values.emplace_back();
  given.kind = kind_of(value);
  if (given.kind == Value::Kind::string && run.strings == Strings::bare) {
    given.text = text_of(value);
  } else if (!append_json(value, given.text, limits_.memory)) {
    return false;
  }
  run.bytes += sizeof(Value) + given.text.size();
  return run.bytes <= limits_.memory;
}

std::unexpected<Error> JqProgram::fault(const Run& run) const {
  const auto because = [](std::string reason) {
    return fail(Fault::bad_event, "jq: " + shortened(std::move(reason)));
  };
  switch (guard_.cut()) {
    case JqGuard::Cut::time:
      return because(fmt::format("took longer than {} ms", limits_.time.count() / 1000));
    case JqGuard::Cut::memory:
      return because(fmt::format("needs more than {} MiB of memory", limits_.memory >> 20));
    case JqGuard::Cut::depth:
      return because("a value is nested too deep");
    case JqGuard::Cut::fault:
      return because("libjq gave up: " + guard_.fault());
    case JqGuard::Cut::no:
      break;
  }
  if (run.too_much)
    return because(fmt::format("gives more than {} MiB, or deeper than {} levels",
                               limits_.memory >> 20, json_depth_max));
  return because(run.message);
}

}  // namespace tidemill::expression

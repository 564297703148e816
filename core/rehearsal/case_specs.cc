#include "core/rehearsal/case_specs.h"

#include <initializer_list>

namespace tidemill::rehearsal {
namespace {

constexpr double day = 24 * 3600e6;
constexpr double year = 366 * day;

int count_set(std::initializer_list<bool> set) {
  int count = 0;
  for (const bool one : set) count += one ? 1 : 0;
  return count;
}

bool is_one_act(const RuleWords& words) {
  return count_set({words.fail.has_value(), words.reject.has_value(), words.raise.has_value(),
                    words.timeout, words.crash}) <= 1;
}

}  // namespace

ConfigSpec<FileWords> file_spec() {
  return ConfigSpec<FileWords>("Cases that rehearse the pipelines of one file.")
      .field("file", &FileWords::file,
             "The pipeline file; without it, the one of the same name beside this file.")
      .field("set", &FileWords::set, "PATH=VALUE: replaces one value of the pipeline file.");
}

ConfigSpec<CaseWords> case_spec() {
  return ConfigSpec<CaseWords>("Events that come in, and what has to come of them.")
      .field("name", &CaseWords::name, "A sentence that says what is so.", Need::required)
      .field("pipeline", &CaseWords::pipeline,
             "The only pipeline that runs, and that the events enter; without it, all of the file "
             "run.")
      .field("start", &CaseWords::start, "The wall clock at 0s, in RFC 3339.")
      .field("limit", &CaseWords::limit, "The most virtual time that may pass.",
             in_range(1000, 100 * year))
      .field("set", &CaseWords::set, "PATH=VALUE: as that of the file, for this case.");
}

ConfigSpec<EventWords> event_spec() {
  return ConfigSpec<EventWords>("An event that a source hands over.")
      .field("at", &EventWords::at, "When, after the start of the case.", in_range(0, 10 * year))
      .field("pipeline", &EventWords::pipeline, "Whose source hands it over.")
      .field("partition", &EventWords::partition, "Of the source.", in_range(0, 1023))
      .field("id", &EventWords::id, "The event's own id, and its name in this case.")
      .field("type", &EventWords::type, "CloudEvents' type.")
      .field("subject", &EventWords::subject, "CloudEvents' subject.")
      .field("key", &EventWords::key, "What `order_by: key` goes by.")
      .field("content_type", &EventWords::content_type, "Media type of the data.")
      .field("time", &EventWords::time, "When it happened, in RFC 3339; without it, when it comes.")
      .field("file", &EventWords::file, "A file whose bytes are the data.")
      .field("repeat", &EventWords::repeat, "So many of it come.", in_range(1, 100'000))
      .field("every", &EventWords::every, "With `repeat`: the time from one to the next.",
             in_range(0, day));
}

ConfigSpec<ObjectWords> object_spec() {
  return ConfigSpec<ObjectWords>("The object of a bucket that the event is about.")
      .field("key", &ObjectWords::key, "Its key.", Need::required)
      .field("version", &ObjectWords::version, "Tells it from others of that key.")
      .field("file", &ObjectWords::file, "A file with its bytes.");
}

ConfigSpec<RuleWords> rule_spec() {
  return ConfigSpec<RuleWords>("What a mocked function answers; with nothing said, success.")
      .field("fail", &RuleWords::fail, "The event fails for this reason, and is tried again.")
      .field("reject", &RuleWords::reject, "The event fails for this reason, for good.")
      .field("throw", &RuleWords::raise, "The handler throws this: the batch fails.")
      .field("timeout", &RuleWords::timeout, "The handler does not return in time.")
      .field("crash", &RuleWords::crash, "The handler's process dies: the batch fails.")
      .field("takes", &RuleWords::takes, "How long the invocation takes.", in_range(0, day))
      .field("times", &RuleWords::times, "So many invocations are answered like this.", at_least(1))
      .check("an answer is one of fail, reject, throw, timeout and crash", is_one_act);
}

ConfigSpec<RuleWords> sink_rule_spec() {
  return ConfigSpec<RuleWords>("What a mocked sink answers; with nothing said, success.")
      .field("fail", &RuleWords::fail, "The write fails for this reason, and is tried again.")
      .field("reject", &RuleWords::reject, "The sink refuses it for this reason, for good.")
      .field("takes", &RuleWords::takes, "How long the write takes.", in_range(0, day))
      .field("times", &RuleWords::times, "So many writes are answered like this.", at_least(1))
      .check("an answer is one of fail and reject", is_one_act);
}

ConfigSpec<EmissionWords> emission_spec() {
  return ConfigSpec<EmissionWords>("An effect that a mocked function asks for.")
      .field("output", &EmissionWords::output, "Where to; needed if the function has several.")
      .field("key", &EmissionWords::key, "Of the row, object or message; else the event's.")
      .field("content_type", &EmissionWords::content_type, "Of the object or message.")
      .field("delete", &EmissionWords::removes, "The row or object goes away.")
      .field("sum", &EmissionWords::sum, "Folded into the row.")
      .field("count", &EmissionWords::count, "Folded into the row.")
      .field("min", &EmissionWords::min, "Folded into the row.")
      .field("max", &EmissionWords::max, "Folded into the row.")
      .field("last", &EmissionWords::last, "Folded into the row.")
      .check("an effect is one of delete, sum, count, min, max and last",
             [](const EmissionWords& w) {
               return count_set({w.removes, w.sum.has_value(), w.count.has_value(),
                                 w.min.has_value(), w.max.has_value(), w.last.has_value()}) <= 1;
             });
}

}  // namespace tidemill::rehearsal

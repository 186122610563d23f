// Properties of n-gram features on random UTF-16, also malformed. The texts are copied to blocks of exactly their size,
// so that sanitizers find every access past their end.
#include "ngrams/features.h"

#include <utf8proc.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "check.h"
#include "ngrams/code_points.h"
#include "ngrams/sort_ids.h"

namespace {

using univar::CodePointClass;
using univar::CodePointProperties;
using univar::CodePointTable;
using univar::ExtractNgrams;
using univar::NgramFeature;
using univar::NgramKind;
using univar::NgramScratch;
using univar::NgramSettings;

constexpr char16_t kUnits[] = {u'a',   u'B',   u'\0',  u' ',   u',',   u'\n',  u'\r',  0x85,
                               0xC4,   0x130,  0x301,  0x2028, 0xE01,  0x672C, 0xD7FF, 0xD800,
                               0xD83D, 0xDBFF, 0xDC00, 0xDE00, 0xDFFF, 0xE000, 0xFFFD, 0xFFFF};

char16_t RandomUnit(check::Random& random) {
  return random.Below(4) == 0 ? static_cast<char16_t>(random.Bits()) : kUnits[random.Below(std::size(kUnits))];
}

// Returns what is wrong with the features of a text, or nothing.
std::string FaultOf(const std::vector<NgramFeature>& features, size_t items, size_t units,
                    const NgramSettings& settings) {
  if (items > std::min(settings.limit, units)) return "too many items";
  size_t total = 0;
  for (size_t i = 0; i < features.size(); ++i) {
    if (i > 0 && features[i].id <= features[i - 1].id) return "ids that do not ascend";
    if (features[i].count < 1 || features[i].count > NgramFeature::kMaxCount) return "a count outside 1 to 255";
    total += features[i].count;
  }
  const size_t spellings = settings.kind == NgramKind::kWords ? 2 : 1;
  if (total > spellings * settings.orders * items) return "too many n-grams";
  return items > 0 && features.empty() ? "no features" : "";
}

void TestRandomTexts() {
  check::Random random(1);
  NgramScratch scratch;  // reused, as by a thread
  std::string fault;
  for (int round = 0; round < 20'000 && fault.empty(); ++round) {
    const size_t units = random.Below(random.Below(10) == 0 ? 3000 : 40);
    const auto exact = std::make_unique<char16_t[]>(units);
    for (size_t i = 0; i < units; ++i) exact[i] = RandomUnit(random);
    const NgramSettings settings{.kind = random.Below(2) == 0 ? NgramKind::kWords : NgramKind::kCharacters,
                                 .orders = 1 + random.Below(univar::kMaxNgramOrders),
                                 .limit = 1 + random.Below(random.Below(2) == 0 ? 5 : 4000)};
    std::vector<NgramFeature> features;
    const size_t items = ExtractNgrams({exact.get(), units}, settings, scratch, features);
    fault = FaultOf(features, items, units, settings);
  }
  check::That(fault.empty(), "random texts", fault);
}

// Words and lower case are frozen at Unicode 15.1. A later version knows more code points, but changes none of these.
void TestCodePoints() {
  const bool same = std::string(utf8proc_unicode_version()) == "15.1.0";
  char32_t wrong = 0;
  for (char32_t c = 1; c < 0x110000 && wrong == 0; ++c) {
    const auto code_point = static_cast<utf8proc_int32_t>(c);
    const CodePointProperties properties = CodePointTable::Get().Lookup(c);
    const utf8proc_category_t category = utf8proc_category(code_point);
    const bool is_word = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
    const bool is_space = category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_CC;
    const char32_t lower = univar::SimpleLowercase(c);
    const bool in_table = properties.of() == CodePointClass::kWord || properties.of() == CodePointClass::kSpace;
    if (properties.is_upper() != (lower != c)) wrong = c;
    if (properties.of() == CodePointClass::kBreak || properties.of() == CodePointClass::kSingle) continue;
    if (!in_table && !same) continue;
    if ((properties.of() == CodePointClass::kWord) != is_word) wrong = c;
    if ((properties.of() == CodePointClass::kSpace) != is_space) wrong = c;
    if (lower != static_cast<char32_t>(utf8proc_tolower(code_point)) && (same || lower != c)) wrong = c;
  }
  check::That(wrong == 0, "properties of code points", "wrong for code point " + std::to_string(wrong));
}

void TestSort() {
  check::Random random(2);
  bool sorted = true;
  for (size_t count = 0; count < 300; ++count) {
    std::vector<uint32_t> ids(count), spare(count);
    const uint64_t mask = count % 3 == 0 ? 0xFFFFFFFF : count % 3 == 1 ? 3 : 0xFF0000;
    for (uint32_t& id : ids) id = static_cast<uint32_t>(random.Bits() & mask);
    std::vector<uint32_t> expected = ids;
    std::sort(expected.begin(), expected.end());
    const uint32_t* result = univar::SortIds(ids.data(), spare.data(), count);
    sorted = sorted && std::equal(expected.begin(), expected.end(), result);
  }
  check::That(sorted, "sorting of 0 to 299 ids");
}

}  // namespace

int main() {
  TestRandomTexts();
  TestCodePoints();
  TestSort();
  return check::Finish();
}

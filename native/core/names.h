// Names of the enumeration values that JavaScript passes as strings, such as metrics. Each enumeration is followed by
// its list of names. src/native repeats the lists (metrics.ts and others), and test/addon/boundary.test.ts compares
// them:
//
//   template <>
//   struct Names<Pooling> {
//     static constexpr Named<Pooling> kAll[] = {{Pooling::kMean, "mean"}, {Pooling::kCls, "cls"}};
//   };
#pragma once

#include <optional>
#include <string_view>

namespace univar {

template <typename E>
struct Named {
  E value;
  const char* name;
};

template <typename E>
struct Names;

template <typename E>
constexpr const char* NameOf(E value) {
  for (const Named<E>& entry : Names<E>::kAll) {
    if (entry.value == value) return entry.name;
  }
  return "unnamed";
}

template <typename E>
constexpr std::optional<E> FindByName(std::string_view name) {
  for (const Named<E>& entry : Names<E>::kAll) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

}  // namespace univar

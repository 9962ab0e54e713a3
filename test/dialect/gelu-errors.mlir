// RUN: dit-opt %s --split-input-file --verify-diagnostics

// The two forms differ by 5e-4, so one has to be named.
func.func @form(%x: tensor<?x4x8xf32>) {
  // expected-error@below {{expected string or keyword containing one of the following enum values for attribute 'form' [tanh, erf]}}
  %h = dit.gelu sigmoid %x : tensor<?x4x8xf32>
  return
}

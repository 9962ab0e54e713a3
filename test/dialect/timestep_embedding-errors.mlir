// RUN: dit-opt %s --split-input-file --verify-diagnostics

// (C1)
func.func @batch(%t: tensor<?xf32>) {
  // expected-error@below {{the result must be ?x10, got 3x10}}
  %e = dit.timestep_embedding %t max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<3x10xf32>
  return
}

// -----

// (C1)
func.func @odd_dim(%t: tensor<?xf32>) {
  // expected-error@below {{dim must be even and greater than 2, got 9}}
  %e = dit.timestep_embedding %t max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<?x9xf32>
  return
}

// -----

// (C1)
func.func @dim_two(%t: tensor<?xf32>) {
  // expected-error@below {{dim must be even and greater than 2, got 2}}
  %e = dit.timestep_embedding %t max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<?x2xf32>
  return
}

// -----

// (C2)
func.func @max_period(%t: tensor<?xf32>) {
  // expected-error@below {{max_period must be greater than 0}}
  %e = dit.timestep_embedding %t max_period 0.0 shift 0 : tensor<?xf32> -> tensor<?x10xf32>
  return
}

// -----

// (C2) h - shift is a divisor.
func.func @shift(%t: tensor<?xf32>) {
  // expected-error@below {{shift must be at least 0 and less than 5, got 5}}
  %e = dit.timestep_embedding %t max_period 1.0e+04 shift 5 : tensor<?xf32> -> tensor<?x10xf32>
  return
}

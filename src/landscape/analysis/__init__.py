"""What is measured on end points, trained networks and trajectories."""

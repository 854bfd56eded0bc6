"""The rules of the balancer in virtual time, without sockets."""
